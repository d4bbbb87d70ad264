defmodule ShopWeb.Server.ConnectionTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias ShopWeb.{Client, Server}
  alias ShopWeb.HTTP.Response

  @host "host: shop\r\n"

  setup context do
    name = Module.concat(__MODULE__, "Line#{context.line}")
    options = [name: name, app: &answer/1] ++ Map.get(context, :server, [])
    start_supervised!({Server, options})
    %{socket: Client.connect!(Server.port(name))}
  end

  test "one connection serves request after request", %{socket: socket} do
    for path <- ["/one", "/two", "/three"] do
      answer = Client.get(socket, path)
      assert {answer.status, answer.body} == {200, "GET #{path} "}
      assert answer.headers["connection"] == "keep-alive"
      assert answer.headers["date"] =~ ~r/\A\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\z/
    end
  end

  test "requests sent together are answered in order", %{socket: socket} do
    Client.send_bytes(socket, "GET /1 HTTP/1.1\r\n#{@host}\r\nGET /2 HTTP/1.1\r\n#{@host}\r\n")
    assert Client.read(socket).body == "GET /1 "
    assert Client.read(socket).body == "GET /2 "
  end

  test "a request may come in pieces, with a body", %{socket: socket} do
    for piece <- ["POST / HT", "TP/1.1\r\n#{@host}content-", "length: 5\r\n\r\ngr", "een"] do
      Client.send_bytes(socket, piece)
    end

    assert Client.read(socket).body == "POST / green"
  end

  test "HEAD is answered without a body", %{socket: socket} do
    Client.send_bytes(socket, "HEAD / HTTP/1.1\r\n#{@host}\r\n")
    assert Client.read(socket, "HEAD").headers["content-length"] == "7"
    assert Client.get(socket, "/").status == 200
  end

  test "a client that wants to go is let go", %{socket: socket} do
    Client.send_bytes(socket, "GET / HTTP/1.1\r\n#{@host}connection: close\r\n\r\n")
    assert Client.read(socket).headers["connection"] == "close"
    assert Client.closed?(socket)
  end

  test "nonsense is refused and the connection closed", %{socket: socket} do
    Client.send_bytes(socket, "tea, please\r\n\r\n")
    answer = Client.read(socket)
    assert {answer.status, answer.headers["connection"]} == {400, "close"}
    assert Client.closed?(socket)
  end

  test "a refusal arrives although the client is still sending", %{socket: socket} do
    Client.send_bytes(socket, "GET /#{String.duplicate("x", 200_000)}")
    assert Client.read(socket).status == 431
  end

  test "an answer that breaks is a 500, and the connection lives on", %{socket: socket} do
    log =
      capture_log(fn ->
        assert Client.get(socket, "/broken").status == 500
        assert Client.get(socket, "/").status == 200
      end)

    assert log =~ "the pot is broken"
  end

  @tag server: [idle_timeout: 300]
  test "a silent connection is closed without a word", %{socket: socket} do
    assert Client.closed?(socket)
  end

  @tag server: [acceptors: 1, max_connections: 1, idle_timeout: 2_000]
  test "half a request is told that it took too long", %{socket: first} do
    {:ok, {_address, port}} = :inet.peername(first)
    socket = Client.connect!(port)
    Client.send_bytes(socket, "GET / HT")
    # Its time begins now, when there is room for it.
    :ok = :gen_tcp.close(first)
    assert Client.read(socket).status == 408
  end

  @tag server: [acceptors: 1, max_connections: 1]
  test "a client that leaves makes room for the next one", %{socket: socket} do
    {:ok, {_address, port}} = :inet.peername(socket)
    assert Client.get(socket, "/").status == 200
    :ok = :gen_tcp.close(socket)
    assert Client.get(Client.connect!(port), "/").status == 200
  end

  defp answer({:error, status}), do: Response.error(status)
  defp answer(%{path: "/broken"}), do: raise("the pot is broken")
  defp answer(request), do: %Response{body: "#{request.method} #{request.path} #{request.body}"}
end
