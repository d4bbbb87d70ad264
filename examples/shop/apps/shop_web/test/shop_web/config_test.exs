defmodule ShopWeb.ConfigTest do
  use ExUnit.Case, async: true

  alias ShopWeb.Config

  doctest Config

  test "without a version from the environment the built one is said" do
    assert Config.load([]).app_version == to_string(Application.spec(:shop_web, :vsn))
    assert Config.load(app_version: "v7").app_version == "v7"
  end

  test "the token does not show when the configuration is printed" do
    refute inspect(Config.load(token: "oolong")) =~ "oolong"
  end
end
