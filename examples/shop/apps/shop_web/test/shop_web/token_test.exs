defmodule ShopWeb.TokenTest do
  use ExUnit.Case, async: true

  alias ShopWeb.{Config, Token}

  doctest Token

  @config Config.load(secret: "kettle")

  test "what was changed, cut or signed elsewhere is not read" do
    token = Token.sign(%{"user" => "anna"}, "session", @config)
    [payload, seal] = String.split(token, ".")
    forged = Base.url_encode64("user=berta")

    for bad <- ["", ".", payload, "#{payload}.", "#{forged}.#{seal}", "!!!.#{seal}"] do
      assert Token.read(bad, "session", @config) == :error
    end

    assert Token.read(token, "session", Config.load(secret: "pot")) == :error
  end
end
