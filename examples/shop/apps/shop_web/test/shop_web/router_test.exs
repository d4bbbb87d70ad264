defmodule ShopWeb.RouterTest do
  use ExUnit.Case, async: true

  alias ShopWeb.{Config, Router}
  alias ShopWeb.HTTP.Request

  doctest Router

  @config Config.load(app_version: "v2", token: "oolong")
  @token %{"authorization" => "Bearer oolong"}

  @answers [
    {"GET", "/", %{}, %{}, 200, "text/html; charset=utf-8"},
    {"HEAD", "/", %{}, %{}, 200, "text/html; charset=utf-8"},
    {"GET", "/cart", %{"assam" => "1"}, %{}, 200, "text/html; charset=utf-8"},
    {"GET", "/cart", %{"coffee" => "1"}, %{}, 400, "application/json"},
    {"GET", "/assets/shop.css", %{}, %{}, 200, "text/css; charset=utf-8"},
    {"GET", "/dashboard", %{}, @token, 200, "text/html; charset=utf-8"},
    {"GET", "/dashboard", %{}, %{}, 401, "application/json"},
    {"GET", "/api/v1/health", %{}, %{}, 200, "application/json"},
    {"GET", "/api/v1/status", %{}, %{}, 200, "application/json"},
    {"GET", "/login", %{}, %{}, 200, "text/html; charset=utf-8"},
    {"POST", "/login", %{}, %{}, 403, "application/json"},
    {"GET", "/live", %{}, %{}, 200, "text/html; charset=utf-8"},
    {"GET", "/live/websocket", %{}, %{}, 426, "application/json"},
    {"POST", "/", %{}, %{}, 405, "application/json"},
    {"get", "/", %{}, %{}, 405, "application/json"},
    {"GET", "/coffee", %{}, %{}, 404, "application/json"},
    {"OPTIONS", "*", %{}, %{}, 404, "application/json"}
  ]

  test "each path has its answer" do
    for {method, path, query, headers, status, type} <- @answers do
      request = %Request{method: method, path: path, query: query, headers: headers}
      response = Router.call(request, @config)

      assert {method, path, response.status, header(response, "content-type")} ==
               {method, path, status, type}
    end
  end

  test "a refused method learns which ones are allowed" do
    response = Router.call(%Request{method: "DELETE", path: "/cart"}, @config)
    assert header(response, "allow") == "GET, HEAD"
    response = Router.call(%Request{method: "DELETE", path: "/login"}, @config)
    assert header(response, "allow") == "GET, HEAD, POST"
  end

  test "a refused dashboard asks for a token" do
    response = Router.call(%Request{method: "GET", path: "/dashboard"}, @config)
    assert header(response, "www-authenticate") =~ "Bearer"
  end

  defp header(response, name) do
    {^name, value} = List.keyfind(response.headers, name, 0)
    value
  end
end
