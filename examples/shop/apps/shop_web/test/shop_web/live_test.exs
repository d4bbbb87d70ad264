defmodule ShopWeb.LiveTest do
  use ExUnit.Case, async: true

  alias ShopWeb.{Client, Config, Endpoint, Server, WebSocket}
  alias ShopWeb.HTTP.Request

  doctest WebSocket

  setup context do
    config = Config.load(secret: "kettle")
    name = Module.concat(__MODULE__, "Line#{context.line}")
    start_supervised!({Server, name: name, app: &Endpoint.call(&1, config)})
    socket = Client.connect!(Server.port(name))
    page = Client.get(socket, "/live")
    [cookie | _attributes] = String.split(page.headers["set-cookie"], ";")
    %{socket: socket, page: page.body, cookie: cookie, config: config}
  end

  test "the page is joined with what stands in it", context do
    assert open(context, csrf(context.page), context.cookie).status == 101
    assert join(context) =~ ~r/\A\["4","4","lv:phx-.*","phx_reply",{"response":{"rendered":/
    send_text(context, ~s([null,"5","phoenix","heartbeat",{}]))
    assert Client.read_text(context.socket) =~ ~s([null,"5","phoenix","phx_reply")
  end

  test "a ping is answered, and a goodbye too", context do
    open(context, csrf(context.page), context.cookie)
    Client.send_bytes(context.socket, Client.masked(0x9, "tea"))
    assert Client.read_frame(context.socket) == {0xA, "tea"}
    Client.send_bytes(context.socket, Client.masked(0xA, ""))
    Client.send_bytes(context.socket, Client.masked(0x8, <<1000::16>>))
    assert Client.read_frame(context.socket) == {0x8, <<1000::16>>}
    assert Client.closed?(context.socket)
  end

  test "what is no message is passed over, and what nobody knows is refused", context do
    open(context, csrf(context.page), context.cookie)
    send_text(context, "tea, please")
    send_text(context, ~s(["1","1","room:1","phx_join",{}]))
    assert Client.read_text(context.socket) =~ ~s("reason":"unmatched topic")
  end

  test "a broken frame closes the connection with its code", context do
    open(context, csrf(context.page), context.cookie)
    Client.send_bytes(context.socket, <<0x81, 5, "Hello">>)
    assert Client.read_frame(context.socket) == {0x8, <<1002::16>>}
  end

  test "another visitor, or another page, is stale", context do
    open(context, "made up", context.cookie)
    assert join(context) =~ ~s("reason":"stale")

    send_text(
      context,
      ~s(["4","4","lv:phx-other","phx_join",{"session":"#{root(context, "session")}"}])
    )

    assert Client.read_text(context.socket) =~ ~s("reason":"stale")
    send_text(context, ~s(["4","4","lv:phx-other","phx_join",{}]))
    assert Client.read_text(context.socket) =~ ~s("reason":"stale")
  end

  test "a script of another site is not let in", context do
    assert open(context, csrf(context.page), context.cookie, "origin: https://evil\r\n").status ==
             403
  end

  test "what is no WebSocket is told so", context do
    answer = Client.get(context.socket, "/live/websocket")
    assert {answer.status, answer.headers["upgrade"]} == {426, "websocket"}
    old = %{"upgrade" => "websocket", "sec-websocket-version" => "8", "sec-websocket-key" => "k"}
    request = %Request{method: "GET", path: "/live/websocket", headers: old}
    assert ShopWeb.Live.connect(request, context.config).status == 426
  end

  test "a server that stops says goodbye to its WebSockets", context do
    open(context, csrf(context.page), context.cookie)
    # It is open once it has answered something.
    assert join(context) =~ "rendered"
    :ok = stop_supervised(Server)
    assert Client.read_frame(context.socket) == {0x8, <<1001::16>>}
  end

  defp open(context, csrf, cookie, more \\ "origin: http://shop\r\n") do
    query = URI.encode_query(%{"_csrf_token" => csrf, "vsn" => "2.0.0"})

    Client.send_bytes(context.socket, """
    GET /live/websocket?#{query} HTTP/1.1\r
    host: shop\r
    connection: Upgrade\r
    upgrade: websocket\r
    sec-websocket-version: 13\r
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r
    cookie: #{cookie}\r
    #{more}\r
    """)

    Client.read(context.socket)
  end

  defp join(context) do
    payload = ~s({"url":"http://shop/live","session":"#{root(context, "session")}","static":""})
    send_text(context, ~s(["4","4","lv:#{root(context, "id")}","phx_join",#{payload}]))
    Client.read_text(context.socket)
  end

  defp send_text(context, text), do: Client.send_bytes(context.socket, Client.masked(0x1, text))

  defp csrf(page) do
    [_all, token] = Regex.run(~r/name="csrf-token" content="([^"]+)"/, page)
    token
  end

  defp root(context, "id"), do: attribute(context.page, "id")
  defp root(context, "session"), do: attribute(context.page, "data-phx-session")

  defp attribute(page, name) do
    [_all, value] = Regex.run(~r/ #{name}="([^"]+)"/, page)
    value
  end
end
