defmodule Shop.Cart do
  @moduledoc """
  What somebody wants to buy: products with quantities, in the order in which they were put in.
  """

  alias Shop.{Catalogue, Product}

  @most 99

  defstruct items: []

  @typedoc "How many of one product."
  @type quantity :: 1..99

  @typedoc "A cart; a product is in it at most once."
  @type t :: %__MODULE__{items: [{Product.t(), quantity()}]}

  @typedoc "Why something does not go into a cart."
  @type refusal :: :unknown_product | :invalid_quantity

  @doc """
  Puts more of a product into the cart, at most #{@most} of each.

      iex> {:ok, cart} = Shop.Cart.add(%Shop.Cart{}, "assam", 2)
      iex> {:ok, cart} = Shop.Cart.add(cart, "assam", 1)
      iex> Enum.map(cart.items, fn {product, quantity} -> {product.sku, quantity} end)
      [{"assam", 3}]

      iex> Shop.Cart.add(%Shop.Cart{}, "coffee", 1)
      {:error, :unknown_product}

      iex> Shop.Cart.add(%Shop.Cart{}, "assam", 0)
      {:error, :invalid_quantity}
  """
  @spec add(t(), Product.sku(), integer()) :: {:ok, t()} | {:error, refusal()}
  def add(_cart, _sku, quantity) when quantity < 1, do: {:error, :invalid_quantity}

  def add(cart, sku, quantity) do
    case Catalogue.fetch(sku) do
      {:ok, product} -> put(cart, product, quantity + quantity_of(cart, product))
      :error -> {:error, :unknown_product}
    end
  end

  @doc """
  Takes a product out of the cart, all of it.

      iex> {:ok, cart} = Shop.Cart.add(%Shop.Cart{}, "assam", 2)
      iex> Shop.Cart.remove(cart, "assam")
      %Shop.Cart{items: []}
  """
  @spec remove(t(), Product.sku()) :: t()
  def remove(cart, sku) do
    %{cart | items: Enum.reject(cart.items, fn {product, _quantity} -> product.sku == sku end)}
  end

  defp put(_cart, _product, quantity) when quantity > @most, do: {:error, :invalid_quantity}

  defp put(cart, product, quantity) do
    {:ok, %{cart | items: List.keystore(cart.items, product, 0, {product, quantity})}}
  end

  defp quantity_of(cart, product) do
    case List.keyfind(cart.items, product, 0) do
      {^product, quantity} -> quantity
      nil -> 0
    end
  end
end
