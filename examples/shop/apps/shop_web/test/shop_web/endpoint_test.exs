defmodule ShopWeb.EndpointTest do
  use ExUnit.Case, async: true

  alias ShopWeb.{Config, Endpoint}
  alias ShopWeb.HTTP.Request

  @health %Request{method: "GET", path: "/api/v1/health"}

  test "every answer says who gave it" do
    config = Config.load(app_version: "v2", machine_id: "m1", machine_version: "01V")

    for request <- [@health, %{@health | path: "/coffee"}, {:error, 400}] do
      headers = Map.new(Endpoint.call(request, config).headers)

      assert %{"x-machine-id" => "m1", "x-machine-version" => "01V", "x-app-version" => "v2"} =
               headers
    end
  end

  test "a fault is the answer on its path and nowhere else" do
    config = Config.load(app_version: "v2", fault: {"/api/v1/health", 503})
    assert Endpoint.call(@health, config).status == 503
    assert Endpoint.call(%{@health | path: "/"}, config).status == 200
  end

  test "latency delays an answer" do
    config = Config.load(app_version: "v2", latency_ms: 20)
    {microseconds, response} = :timer.tc(Endpoint, :call, [@health, config])
    assert response.status == 200
    assert microseconds >= 20_000
  end
end
