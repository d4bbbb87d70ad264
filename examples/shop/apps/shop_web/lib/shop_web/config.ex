defmodule ShopWeb.Config do
  @moduledoc """
  What `config/runtime.exs` found in the environment, with every default filled in.
  """

  alias ShopWeb.HTTP.Response

  @derive {Inspect, except: [:token, :password, :secret]}
  defstruct ip: {127, 0, 0, 1},
            port: 8080,
            token: nil,
            password: nil,
            secret: nil,
            app_version: nil,
            machine_id: "local",
            machine_version: "local",
            region: "local",
            latency_ms: 0,
            fault: nil

  @typedoc """
  How this instance runs. Without a `token` the dashboard is closed, without a `password` nobody can
  sign in. Sessions are signed with the `secret`: machines with different ones do not know each
  other's visitors, and with none it is made up at the start. A `fault` is a path that is answered
  with that status whatever it is, and `latency_ms` delays each answer.
  """
  @type t :: %__MODULE__{
          ip: :inet.ip4_address(),
          port: :inet.port_number(),
          token: String.t() | nil,
          password: String.t() | nil,
          secret: String.t(),
          app_version: String.t(),
          machine_id: String.t(),
          machine_version: String.t(),
          region: String.t(),
          latency_ms: non_neg_integer(),
          fault: {String.t(), Response.status()} | nil
        }

  @doc """
  Reads the application's environment; keys that mean nothing here are left alone.

      iex> ShopWeb.Config.load(port: 4000, app_version: "v2").port
      4000
  """
  @spec load(keyword()) :: t()
  def load(env \\ Application.get_all_env(:shop_web)) do
    config = struct(__MODULE__, env)
    version = config.app_version || built_version()
    %{config | app_version: version, secret: config.secret || made_up()}
  end

  defp made_up, do: Base.url_encode64(:crypto.strong_rand_bytes(32))

  defp built_version, do: :shop_web |> Application.spec(:vsn) |> to_string()
end
