defmodule Shop.QuoteTest do
  use ExUnit.Case, async: true

  alias Shop.{Cart, Quote}

  doctest Quote

  # sku and quantity, then goods, shipping, total
  @prices [
    {[], {0, 0, 0}},
    {[{"assam", 1}], {650, 490, 1140}},
    {[{"assam", 2}], {1300, 490, 1790}},
    {[{"assam", 3}], {1755, 490, 2245}},
    {[{"kettle", 1}], {4900, 490, 5390}},
    {[{"kettle", 1}, {"rooibos", 1}], {5440, 0, 5440}},
    {[{"sencha", 6}, {"assam", 1}], {5456, 0, 5456}}
  ]

  test "carts cost what the rules of discount and shipping say" do
    for {items, expected} <- @prices do
      quote = Quote.of(cart(items))
      assert {quote.goods, quote.shipping, quote.total} == expected, inspect(items)
    end
  end

  test "the lines add up to the goods, and the tax is inside the total" do
    quote = Quote.of(cart([{"sencha", 3}, {"kettle", 2}]))
    assert quote.lines |> Enum.map(& &1.amount) |> Enum.sum() == quote.goods
    assert [%{discount: 267}, %{discount: 0}] = quote.lines
    assert quote.tax == 1948
  end

  defp cart(items) do
    Enum.reduce(items, %Cart{}, fn {sku, quantity}, cart ->
      {:ok, cart} = Cart.add(cart, sku, quantity)
      cart
    end)
  end
end
