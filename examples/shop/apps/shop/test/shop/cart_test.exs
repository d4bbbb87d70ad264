defmodule Shop.CartTest do
  use ExUnit.Case, async: true

  alias Shop.Cart

  doctest Cart

  test "a quantity is between one and ninety-nine, also in sum" do
    {:ok, full} = Cart.add(%Cart{}, "assam", 99)

    for {cart, quantity} <- [{%Cart{}, -1}, {%Cart{}, 0}, {%Cart{}, 100}, {full, 1}] do
      assert Cart.add(cart, "assam", quantity) == {:error, :invalid_quantity}
    end
  end

  test "products stay in the order in which they came" do
    cart = cart(sencha: 1, kettle: 1, sencha: 2)

    assert Enum.map(cart.items, fn {product, n} -> {product.sku, n} end) == [
             {"sencha", 3},
             {"kettle", 1}
           ]
  end

  test "removing takes one product and leaves the rest" do
    cart = cart(sencha: 1, kettle: 1)
    assert Cart.remove(cart, "sencha") == cart(kettle: 1)
    assert Cart.remove(cart, "coffee") == cart
  end

  defp cart(items) do
    Enum.reduce(items, %Cart{}, fn {sku, quantity}, cart ->
      {:ok, cart} = Cart.add(cart, Atom.to_string(sku), quantity)
      cart
    end)
  end
end
