defmodule Shop.Quote do
  @moduledoc """
  What a cart costs, line by line.

  Three or more of one product are ten percent cheaper; fifty euros and more are shipped free; all
  prices contain nineteen percent tax.
  """

  alias Shop.{Cart, Money, Product}

  @bulk_from 3
  @bulk_percent 10
  @shipping 490
  @free_from 5000
  @tax_percent 19

  defstruct lines: [], goods: 0, shipping: 0, tax: 0, total: 0

  @typedoc "One product of a quote; `amount` is what remains after the discount."
  @type line :: %{
          product: Product.t(),
          quantity: Cart.quantity(),
          discount: Money.t(),
          amount: Money.t()
        }

  @typedoc "A quote; `total` is `goods` and `shipping`, and contains `tax`."
  @type t :: %__MODULE__{
          lines: [line()],
          goods: Money.t(),
          shipping: Money.t(),
          tax: Money.t(),
          total: Money.t()
        }

  @doc """
  Prices a cart.

      iex> {:ok, cart} = Shop.Cart.add(%Shop.Cart{}, "assam", 3)
      iex> quote = Shop.Quote.of(cart)
      iex> {quote.goods, quote.shipping, quote.total}
      {1755, 490, 2245}

      iex> Shop.Quote.of(%Shop.Cart{}).total
      0
  """
  @spec of(Cart.t()) :: t()
  def of(%Cart{items: items}) do
    lines = Enum.map(items, &line/1)
    goods = lines |> Enum.map(& &1.amount) |> Enum.sum()
    shipping = shipping(goods)
    total = goods + shipping

    %__MODULE__{
      lines: lines,
      goods: goods,
      shipping: shipping,
      tax: Money.tax_within(total, @tax_percent),
      total: total
    }
  end

  defp line({product, quantity}) do
    price = product.price * quantity
    discount = discount(price, quantity)
    %{product: product, quantity: quantity, discount: discount, amount: price - discount}
  end

  defp discount(price, quantity) when quantity >= @bulk_from,
    do: Money.percent(price, @bulk_percent)

  defp discount(_price, _quantity), do: 0

  defp shipping(goods) when goods == 0 or goods >= @free_from, do: 0
  defp shipping(_goods), do: @shipping
end
