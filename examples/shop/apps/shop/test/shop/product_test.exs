defmodule Shop.ProductTest do
  use ExUnit.Case, async: true

  alias Shop.Product

  test "a product without a price cannot be made" do
    assert_raise ArgumentError, ~r/:price/, fn ->
      struct!(Product, sku: "coffee", name: "Coffee", tagline: "Not here.", emblem: "☕")
    end
  end
end
