defmodule ShopWeb.Report do
  @moduledoc """
  What this instance says of itself to machines.
  """

  alias ShopWeb.{Config, JSON, Telemetry}

  @doc """
  Whether the shop can do its work, and which build answers.

      iex> config = ShopWeb.Config.load(app_version: "v2")
      iex> ShopWeb.Report.health(config, catalogue: :failed)[:status]
      :unhealthy
  """
  @spec health(Config.t(), [{atom(), Shop.verdict()}]) :: [{atom(), JSON.value()}]
  def health(config, checks \\ Shop.checks()) do
    healthy? = Enum.all?(checks, &match?({_name, :ok}, &1))
    [status: if(healthy?, do: :healthy, else: :unhealthy), checks: checks] ++ build(config)
  end

  @doc """
  What this instance is, and what it has done since its start.
  """
  @spec status(Config.t()) :: [{atom(), JSON.value()}]
  def status(config) do
    build(config) ++
      [
        region: config.region,
        elixir: System.version(),
        otp: System.otp_release(),
        uptime_ms: Telemetry.uptime_ms(),
        memory_bytes: :erlang.memory(:total),
        totals: Telemetry.totals()
      ]
  end

  defp build(config) do
    [
      version: config.app_version,
      machine: config.machine_id,
      machine_version: config.machine_version
    ]
  end
end
