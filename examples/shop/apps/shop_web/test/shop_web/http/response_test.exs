defmodule ShopWeb.HTTP.ResponseTest do
  use ExUnit.Case, async: true

  alias ShopWeb.HTTP.Response

  doctest Response

  test "the length is in bytes, and HEAD gets it without the body" do
    response = Response.html("grün")
    assert written(response, "GET", :keep_alive) =~ ~r/content-length: 5\r\n\r\ngrün\z/
    assert written(response, "HEAD", :keep_alive) =~ ~r/content-length: 5\r\n\r\n\z/
  end

  test "statuses without a body announce none" do
    for status <- [204, 304] do
      text = written(Response.error(status), "GET", :close)
      refute text =~ "content-length"
      assert String.ends_with?(text, "\r\n\r\n")
    end
  end

  test "a status without a name is still answered" do
    assert written(Response.error(418), "GET", :close) =~ ~r/\AHTTP\/1.1 418 Status 418\r\n/
  end

  test "headers keep their order" do
    response = Response.error(405, [{"allow", "GET"}])
    assert List.last(response.headers) == {"allow", "GET"}
    assert written(response, "GET", :keep_alive) =~ "connection: keep-alive\r\n"
  end

  defp written(response, method, persistence) do
    IO.iodata_to_binary(Response.encode(response, method, persistence))
  end
end
