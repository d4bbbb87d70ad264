defmodule Shop do
  @moduledoc """
  A small tea shop: what it sells, what is in a cart, what the cart costs.

  Nothing here knows HTTP, processes or time; `ShopWeb` is one way to show it to people.
  """

  alias Shop.{Cart, Catalogue, Product, Quote}

  @typedoc "What a check found."
  @type verdict :: :ok | :failed

  @doc """
  Looks whether the shop could sell something: is there a catalogue, has each product a price.

      iex> Shop.checks()
      [catalogue: :ok, prices: :ok]

      iex> Shop.checks([])
      [catalogue: :failed, prices: :ok]
  """
  @spec checks([Product.t()]) :: [catalogue: verdict(), prices: verdict()]
  def checks(products \\ Catalogue.all()) do
    [
      catalogue: verdict(products != []),
      prices: verdict(Enum.all?(products, &priced?/1))
    ]
  end

  defp priced?(product) do
    product.price > 0 and Quote.of(%Cart{items: [{product, 1}]}).goods == product.price
  end

  defp verdict(true), do: :ok
  defp verdict(false), do: :failed
end
