defmodule ShopWeb.Server do
  @moduledoc """
  An HTTP/1.1 server as a supervision tree, which drains when it is stopped:

      Server ── Connections   one process per connection
             └─ Listener      owns the listening socket, keeps acceptors waiting

  Children stop in reverse order. First the listener goes and its socket with it, so nobody new
  comes in. Then each connection gets its supervisor's shutdown signal: an idle one ends at once,
  one with a request finishes it and says `connection: close`. What is still busy after
  `drain_timeout` is killed.
  """

  use Supervisor

  alias ShopWeb.HTTP.{Request, Response}
  alias ShopWeb.Server.Listener

  @typedoc "What answers: a request, or the status with which one could not be read or answered."
  @type app :: (Request.t() | {:error, Response.status()} -> Response.t())

  @typedoc """
  How to run it; times are milliseconds. `acceptors` processes wait for connections; with those
  that have one, they are at most `max_connections`. The next request of a connection must be
  there, whole, within `idle_timeout`.
  """
  @type option ::
          {:name, module()}
          | {:app, app()}
          | {:ip, :inet.ip4_address()}
          | {:port, :inet.port_number()}
          | {:acceptors, pos_integer()}
          | {:max_connections, pos_integer()}
          | {:idle_timeout, pos_integer()}
          | {:last_call, pos_integer()}
          | {:drain_timeout, timeout()}

  # fly.toml gives 30 s as kill_timeout and the VM itself takes one to stop, so the drain ends
  # before: even a request that never ends does not turn the orderly stop into a kill.
  @defaults [
    name: __MODULE__,
    ip: {127, 0, 0, 1},
    port: 0,
    acceptors: 16,
    max_connections: 1024,
    idle_timeout: 60_000,
    last_call: 1_000,
    drain_timeout: 28_000
  ]

  @doc """
  Starts a server. Only `:app` must be given; port 0 means any free one.
  """
  @spec start_link([option()]) :: Supervisor.on_start()
  def start_link(options) do
    options = Keyword.merge(@defaults, options)
    Supervisor.start_link(__MODULE__, options, name: options[:name])
  end

  @doc """
  The port that a server listens on.
  """
  @spec port(module()) :: :inet.port_number()
  def port(server \\ __MODULE__), do: Listener.port(listener(server))

  @impl Supervisor
  def init(options) do
    connections = Module.concat(options[:name], "Connections")

    children = [
      {Task.Supervisor, name: connections, max_children: options[:max_connections]},
      {Listener, [name: listener(options[:name]), connections: connections] ++ options}
    ]

    Supervisor.init(children, strategy: :rest_for_one)
  end

  defp listener(server), do: Module.concat(server, "Listener")
end
