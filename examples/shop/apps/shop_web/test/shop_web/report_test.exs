defmodule ShopWeb.ReportTest do
  use ExUnit.Case, async: true

  alias ShopWeb.{Config, Report}

  doctest Report

  @config Config.load(app_version: "v2", machine_id: "m1", machine_version: "01V", region: "fra")

  test "health names its checks and the build that answers" do
    assert Report.health(@config) == [
             status: :healthy,
             checks: [catalogue: :ok, prices: :ok],
             version: "v2",
             machine: "m1",
             machine_version: "01V"
           ]
  end

  test "status says where it runs and what it has done" do
    status = Report.status(@config)
    assert status[:region] == "fra"
    assert status[:elixir] == System.version()
    assert status[:memory_bytes] > 0
    assert status[:totals][:requests] >= 0
  end
end
