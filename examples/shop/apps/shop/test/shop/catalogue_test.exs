defmodule Shop.CatalogueTest do
  use ExUnit.Case, async: true

  alias Shop.Catalogue

  doctest Catalogue

  test "each product is found by its own name" do
    for product <- Catalogue.all() do
      assert Catalogue.fetch(product.sku) == {:ok, product}
    end
  end

  test "no two products have one name" do
    skus = Enum.map(Catalogue.all(), & &1.sku)
    assert skus == Enum.uniq(skus)
  end
end
