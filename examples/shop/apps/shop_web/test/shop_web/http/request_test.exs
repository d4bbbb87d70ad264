defmodule ShopWeb.HTTP.RequestTest do
  use ExUnit.Case, async: true

  alias ShopWeb.HTTP.Request

  doctest Request

  @get "GET / HTTP/1.1\r\nhost: shop\r\n"

  @refused [
    {400, "nonsense", "tea\r\n\r\n"},
    {400, "an answer", "HTTP/1.1 200 OK\r\n\r\n"},
    {400, "no host", "GET / HTTP/1.1\r\n\r\n"},
    {400, "a header without a colon", @get <> "tea\r\n\r\n"},
    {400, "a target that is no path", "CONNECT shop:80 HTTP/1.1\r\nhost: shop\r\n\r\n"},
    {400, "a query that is no UTF-8", "GET /?a=%FF HTTP/1.1\r\nhost: shop\r\n\r\n"},
    {400, "a length that is no number", @get <> "content-length: two\r\n\r\n"},
    {400, "a negative length", @get <> "content-length: -1\r\n\r\n"},
    {400, "two lengths", @get <> "content-length: 1\r\ncontent-length: 2\r\n\r\n"},
    {411, "a chunked body", @get <> "transfer-encoding: chunked\r\n\r\n"},
    {413, "a large body", @get <> "content-length: 65537\r\n\r\n"},
    {413, "an absurd length", @get <> "content-length: #{String.duplicate("9", 50)}\r\n\r\n"},
    {431, "a long header", @get <> "tea: #{String.duplicate("x", 17_000)}\r\n\r\n"},
    {431, "a long header without an end", @get <> "tea: #{String.duplicate("x", 17_000)}"},
    {431, "a long path without an end", "GET /#{String.duplicate("x", 17_000)}"},
    {431, "many headers", @get <> String.duplicate("a: b\r\n", 100) <> "\r\n"},
    {505, "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}
  ]

  test "what is no request, or too much of one, is refused with the status that says why" do
    for {status, name, bytes} <- @refused do
      assert {name, Request.parse(bytes)} == {name, {:error, status}}
    end
  end

  @targets [
    {"/", "/", %{}},
    {"/cart?assam=2&kettle=", "/cart", %{"assam" => "2", "kettle" => ""}},
    {"/a?b?c", "/a", %{"b?c" => ""}},
    {"/a?b=%C3%BC+d", "/a", %{"b" => "ü d"}},
    {"http://shop:80/tea?x=1", "/tea", %{"x" => "1"}},
    {"*", "*", %{}}
  ]

  test "a target is a path and a decoded query" do
    for {target, path, query} <- @targets do
      assert {:ok, request, ""} = Request.parse("GET #{target} HTTP/1.1\r\nhost: shop\r\n\r\n")
      assert {request.path, request.query} == {path, query}
    end
  end

  test "header names are lower-case and repeated ones are joined" do
    {:ok, request, ""} = Request.parse(@get <> "X-Tea: green\r\nx-tea: black\r\n\r\n")
    assert request.headers == %{"host" => "shop", "x-tea" => "green, black"}
  end

  test "every beginning of a request is not yet one" do
    bytes = "POST /cart HTTP/1.1\r\nhost: shop\r\ncontent-length: 3\r\n\r\ntea"

    for size <- 0..(byte_size(bytes) - 1) do
      assert {size, Request.parse(binary_part(bytes, 0, size))} == {size, :more}
    end

    assert {:ok, %{method: "POST", body: "tea"}, "next"} = Request.parse(bytes <> "next")
  end

  test "no bytes whatever make the parser fail" do
    request = "POST /cart?assam=2 HTTP/1.1\r\nhost: shop\r\ncontent-length: 3\r\n\r\ntea"
    :rand.seed(:exsss, {1, 2, 3})

    for _ <- 1..5_000 do
      case Request.parse(scramble(request)) do
        {:ok, %Request{}, rest} when is_binary(rest) -> :ok
        :more -> :ok
        {:error, status} when status in 400..599 -> :ok
      end
    end
  end

  defp scramble(bytes) do
    {head, tail} =
      bytes |> :binary.bin_to_list() |> Enum.split(:rand.uniform(byte_size(bytes)) - 1)

    head = if :rand.uniform(2) == 1, do: head, else: Enum.shuffle(head)
    :binary.list_to_bin([head, :rand.bytes(:rand.uniform(4)), Enum.drop(tail, :rand.uniform(4))])
  end

  test "empty lines before a request are skipped" do
    assert {:ok, %{path: "/"}, ""} = Request.parse("\r\n\r\n" <> @get <> "\r\n")
  end

  @persistence [
    {"1.1", "", true},
    {"1.1", "connection: keep-alive\r\n", true},
    {"1.1", "connection: close\r\n", false},
    {"1.1", "connection: Upgrade, Close\r\n", false},
    {"1.0", "", false},
    {"1.0", "connection: Keep-Alive\r\n", true}
  ]

  test "HTTP/1.1 stays open unless told otherwise, HTTP/1.0 the other way round" do
    for {version, header, expected} <- @persistence do
      {:ok, request, ""} = Request.parse("GET / HTTP/#{version}\r\nhost: shop\r\n#{header}\r\n")
      assert {version, header, Request.keep_alive?(request)} == {version, header, expected}
    end
  end
end
