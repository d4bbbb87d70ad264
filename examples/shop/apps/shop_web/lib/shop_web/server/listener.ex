defmodule ShopWeb.Server.Listener do
  @moduledoc """
  Owns the listening socket and sees to it that some processes always wait for connections.

  A process that got its connection serves it itself, so no socket ever changes hands; the
  listener only starts the next one to wait. The socket is closed when the listener stops.
  """

  use GenServer

  require Logger

  alias ShopWeb.Server.Connection
  alias ShopWeb.Telemetry

  @socket_options [
    :binary,
    active: false,
    backlog: 1024,
    nodelay: true,
    reuseaddr: true,
    send_timeout: 15_000,
    send_timeout_close: true
  ]

  @doc """
  Starts a listener with the options of `ShopWeb.Server`, and the supervisor of its connections.
  """
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(options) do
    GenServer.start_link(__MODULE__, Map.new(options), name: options[:name])
  end

  @doc """
  The port that it listens on.
  """
  @spec port(GenServer.server()) :: :inet.port_number()
  def port(listener), do: GenServer.call(listener, :port)

  @doc """
  Says that the calling process has a connection and waits no more.
  """
  @spec accepted(GenServer.server()) :: :ok
  def accepted(listener), do: GenServer.cast(listener, {:accepted, self()})

  @impl GenServer
  def init(options) do
    Process.flag(:trap_exit, true)

    case :gen_tcp.listen(options.port, [{:ip, options.ip} | @socket_options]) do
      {:ok, socket} ->
        {:ok, port} = :inet.port(socket)
        Logger.info("listening on http://#{:inet.ntoa(options.ip)}:#{port}")
        {:ok, fill(%{options: options, socket: socket, port: port, waiting: MapSet.new()})}

      {:error, reason} ->
        Logger.error(
          "cannot listen on port #{options.port}: #{:inet.format_error(reason)}; set PORT"
        )

        {:stop, {:listen, options.port, reason}}
    end
  end

  @impl GenServer
  def handle_call(:port, _from, state), do: {:reply, state.port, state}

  @impl GenServer
  def handle_cast({:accepted, pid}, state) do
    Telemetry.count(:connections)
    {:noreply, replace(state, pid)}
  end

  # Also when a connection ends: at the limit of connections that makes room for a new acceptor.
  @impl GenServer
  def handle_info({:DOWN, _ref, :process, pid, _reason}, state) do
    {:noreply, replace(state, pid)}
  end

  @impl GenServer
  def terminate(_reason, state) do
    :gen_tcp.close(state.socket)
    Logger.info("draining: port #{state.port} is closed, open requests finish")
  end

  defp replace(state, pid), do: fill(%{state | waiting: MapSet.delete(state.waiting, pid)})

  defp fill(%{options: options, waiting: waiting} = state) do
    with true <- MapSet.size(waiting) < options.acceptors,
         {:ok, pid} <- start_acceptor(state) do
      Process.monitor(pid)
      fill(%{state | waiting: MapSet.put(waiting, pid)})
    else
      _enough_or_no_room -> state
    end
  end

  defp start_acceptor(%{options: options, socket: socket}) do
    connection = %Connection{
      listener: self(),
      app: options.app,
      idle_timeout: options.idle_timeout,
      last_call: options.last_call
    }

    Task.Supervisor.start_child(options.connections, Connection, :accept, [connection, socket],
      shutdown: options.drain_timeout
    )
  end
end
