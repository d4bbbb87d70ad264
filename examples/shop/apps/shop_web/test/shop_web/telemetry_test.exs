defmodule ShopWeb.TelemetryTest do
  use ExUnit.Case, async: true

  alias ShopWeb.Telemetry

  test "counting raises the total of that event" do
    before = Telemetry.totals()[:errors]
    Telemetry.count(:errors)
    assert Telemetry.totals()[:errors] > before
    assert Keyword.keys(Telemetry.totals()) == [:connections, :requests, :errors]
  end

  test "the VM has run for some time" do
    assert Telemetry.uptime_ms() > 0
  end
end
