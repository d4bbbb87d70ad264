defmodule ShopTest do
  use ExUnit.Case, async: true

  doctest Shop

  test "a product without a price fails the check of prices" do
    free = %{hd(Shop.Catalogue.all()) | price: 0}
    assert Shop.checks([free]) == [catalogue: :ok, prices: :failed]
  end
end
