defmodule ShopWeb.WebSocket do
  @moduledoc """
  WebSockets (RFC 6455): the handshake, and the loop that answers messages until either side is done.

  A module that answers messages has one function, `c:handle_text/2`. Texts only; a message is at most
  64 KiB, and a client that is silent for a minute is let go.
  """

  alias ShopWeb.HTTP.{Request, Response}
  alias ShopWeb.WebSocket.Frame

  @doc """
  Answers a text with texts.
  """
  @callback handle_text(text :: String.t(), state :: term()) :: {[String.t()], term()}

  # Named by RFC 6455, 1.3.
  @guid "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
  @idle_timeout 60_000
  @going_away 1001

  @doc """
  Answers a request to open a WebSocket, whose messages `module` answers.

      iex> headers = %{"upgrade" => "websocket", "sec-websocket-version" => "13"}
      iex> headers = Map.put(headers, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
      iex> request = %ShopWeb.HTTP.Request{method: "GET", path: "/", headers: headers}
      iex> response = ShopWeb.WebSocket.open(request, ShopWeb.Live, nil)
      iex> {response.status, List.last(response.headers)}
      {101, {"sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}}
  """
  @spec open(Request.t(), module(), term()) :: Response.t()
  def open(%{headers: %{"sec-websocket-key" => key} = headers}, module, state) do
    if asks_for_one?(headers) do
      accept = :sha |> :crypto.hash(key <> @guid) |> Base.encode64()
      headers = [{"upgrade", "websocket"}, {"sec-websocket-accept", accept}]
      %Response{status: 101, headers: headers, upgrade: {module, state}}
    else
      upgrade_required()
    end
  end

  def open(_request, _module, _state), do: upgrade_required()

  @doc """
  Serves an open WebSocket, beginning with bytes that came already, until it is closed.
  """
  @spec serve(:gen_tcp.socket(), binary(), {module(), term()}) :: :ok
  def serve(socket, buffer, handler) do
    case Frame.parse(buffer) do
      {:ok, frame, rest} -> take(frame, socket, rest, handler)
      :more -> wait(socket, buffer, handler)
      {:error, code} -> send_frame(socket, Frame.close(code))
    end
  end

  defp asks_for_one?(headers) do
    upgrade = headers |> Map.get("upgrade", "") |> String.downcase()
    upgrade == "websocket" and headers["sec-websocket-version"] == "13"
  end

  defp upgrade_required do
    Response.error(426, [{"upgrade", "websocket"}, {"sec-websocket-version", "13"}])
  end

  defp take({:text, text}, socket, rest, {module, state}) do
    {texts, state} = module.handle_text(text, state)
    Enum.each(texts, &send_frame(socket, Frame.text(&1)))
    serve(socket, rest, {module, state})
  end

  defp take({:ping, bytes}, socket, rest, handler) do
    send_frame(socket, Frame.pong(bytes))
    serve(socket, rest, handler)
  end

  defp take({:pong, _bytes}, socket, rest, handler), do: serve(socket, rest, handler)
  defp take({:close, code}, socket, _rest, _handler), do: send_frame(socket, Frame.close(code))

  defp wait(socket, buffer, handler) do
    case :inet.setopts(socket, active: :once) do
      :ok -> listen(socket, buffer, handler)
      {:error, _gone} -> :ok
    end
  end

  defp listen(socket, buffer, handler) do
    receive do
      {:tcp, ^socket, bytes} -> serve(socket, buffer <> bytes, handler)
      {:tcp_closed, ^socket} -> :ok
      {:tcp_error, ^socket, _reason} -> :ok
      {:EXIT, _supervisor, _reason} -> send_frame(socket, Frame.close(@going_away))
    after
      @idle_timeout -> send_frame(socket, Frame.close(@going_away))
    end
  end

  # A client that is gone already needs no word.
  defp send_frame(socket, frame) do
    _sent_or_gone = :gen_tcp.send(socket, frame)
    :ok
  end
end
