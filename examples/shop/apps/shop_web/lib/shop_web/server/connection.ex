defmodule ShopWeb.Server.Connection do
  @moduledoc """
  One process, one connection: it waits for it, serves request after request, and ends with it.

  The process traps exits, so its supervisor's shutdown signal is a message, and that message is
  the drain: it is looked at while waiting for bytes and before each answer.
  """

  require Logger

  alias ShopWeb.HTTP.{Request, Response}
  alias ShopWeb.{Server, WebSocket}
  alias ShopWeb.Server.Listener

  # A refused client may still be sending; it gets this long to read the answer.
  @linger 1_000

  @enforce_keys [:listener, :app, :idle_timeout, :last_call]
  defstruct [
    :listener,
    :app,
    :idle_timeout,
    :last_call,
    :socket,
    :deadline,
    buffer: "",
    fresh?: true,
    draining?: false
  ]

  @typedoc """
  The state of a connection. `deadline` is when the next request must be there (monotonic
  milliseconds); `fresh?` says that there has been none yet.
  """
  @type t :: %__MODULE__{
          listener: pid(),
          app: Server.app(),
          idle_timeout: pos_integer(),
          last_call: pos_integer(),
          socket: :gen_tcp.socket() | nil,
          deadline: integer() | nil,
          buffer: binary(),
          fresh?: boolean(),
          draining?: boolean()
        }

  @doc """
  Waits for a connection and serves it. Returns when it has ended, or when the server listens no
  more.
  """
  @spec accept(t(), :gen_tcp.socket()) :: :ok
  def accept(connection, listening) do
    Process.flag(:trap_exit, true)

    case :gen_tcp.accept(listening) do
      {:ok, socket} ->
        Listener.accepted(connection.listener)
        next(expect_request(%{connection | socket: socket}))

      {:error, :closed} ->
        :ok

      {:error, reason} ->
        Logger.warning("cannot accept: #{:inet.format_error(reason)}; trying again")
        Process.sleep(100)
        accept(connection, listening)
    end
  end

  defp expect_request(connection), do: %{connection | deadline: now() + connection.idle_timeout}

  defp next(connection) do
    case Request.parse(connection.buffer) do
      {:ok, request, rest} -> answer(%{connection | buffer: rest}, request)
      {:error, status} -> refuse(connection, status)
      :more -> wait(connection)
    end
  end

  defp wait(connection) do
    case :inet.setopts(connection.socket, active: :once) do
      :ok -> listen(connection)
      {:error, _gone} -> close(connection)
    end
  end

  # Bytes that are already here are always taken, even when the deadline is now.
  defp listen(%{socket: socket} = connection) do
    receive do
      {:tcp, ^socket, bytes} -> next(%{connection | buffer: connection.buffer <> bytes})
      {:tcp_closed, ^socket} -> close(connection)
      {:tcp_error, ^socket, _reason} -> close(connection)
      {:EXIT, supervisor, _reason} when is_pid(supervisor) -> listen(drain(connection))
    after
      max(connection.deadline - now(), 0) -> give_up(connection)
    end
  end

  defp give_up(%{buffer: ""} = connection), do: close(connection)
  defp give_up(connection), do: refuse(connection, 408)

  defp drain(%{fresh?: false, buffer: ""} = connection),
    do: %{connection | draining?: true, deadline: now()}

  defp drain(connection) do
    deadline = min(connection.deadline, now() + connection.last_call)
    %{connection | draining?: true, deadline: deadline}
  end

  defp answer(connection, request) do
    response = call(connection.app, request)
    go_on(notice_drain(connection), request, response)
  end

  # A server that stops takes no new WebSocket; the client asks again, elsewhere.
  defp go_on(%{draining?: true} = connection, _request, %{upgrade: {_module, _state}}) do
    refuse(connection, 503)
  end

  defp go_on(connection, request, %{upgrade: {module, state}} = response) do
    send_response(connection, response, request.method, :upgrade)
    WebSocket.serve(connection.socket, connection.buffer, {module, state})
    close(connection)
  end

  defp go_on(connection, request, response) do
    if Request.keep_alive?(request) and not connection.draining? do
      send_response(connection, response, request.method, :keep_alive)
      next(expect_request(%{connection | fresh?: false}))
    else
      send_response(connection, response, request.method, :close)
      close(connection)
    end
  end

  defp notice_drain(connection) do
    receive do
      {:EXIT, supervisor, _reason} when is_pid(supervisor) -> %{connection | draining?: true}
    after
      0 -> connection
    end
  end

  # One broken answer must not cost the client its connection without a word.
  defp call(app, request) do
    app.(request)
  rescue
    error ->
      Logger.error(Exception.format(:error, error, __STACKTRACE__))
      app.({:error, 500})
  end

  defp send_response(connection, response, method, persistence) do
    date = Calendar.strftime(DateTime.utc_now(), "%a, %d %b %Y %H:%M:%S GMT")
    response = Response.put_headers(response, [{"date", date}])
    :gen_tcp.send(connection.socket, Response.encode(response, method, persistence))
  end

  defp refuse(connection, status) do
    send_response(connection, connection.app.({:error, status}), "GET", :close)
    :gen_tcp.shutdown(connection.socket, :write)
    linger(connection, now() + @linger)
  end

  # Closing with unread bytes would reset the connection and take the answer with it.
  defp linger(%{socket: socket} = connection, deadline) do
    :inet.setopts(socket, active: false)

    case :gen_tcp.recv(socket, 0, max(deadline - now(), 0)) do
      {:ok, _bytes} -> linger(connection, deadline)
      {:error, _closed_or_timeout} -> close(connection)
    end
  end

  defp close(connection), do: :gen_tcp.close(connection.socket)

  defp now, do: System.monotonic_time(:millisecond)
end
