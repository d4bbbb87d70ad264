defmodule ShopWeb.CartQuery do
  @moduledoc """
  Reads a cart from a query string such as `?assam=2&kettle=1`.
  """

  alias Shop.Cart

  @doc """
  Reads a cart; fields that are empty or zero, as the form sends them, are not in it.

      iex> query = %{"assam" => "2", "kettle" => "0", "sencha" => ""}
      iex> {:ok, cart} = ShopWeb.CartQuery.read(query)
      iex> Enum.map(cart.items, fn {product, quantity} -> {product.sku, quantity} end)
      [{"assam", 2}]

      iex> ShopWeb.CartQuery.read(%{"assam" => "two"})
      {:error, :invalid_quantity}
  """
  @spec read(%{optional(String.t()) => String.t()}) :: {:ok, Cart.t()} | {:error, Cart.refusal()}
  def read(query) do
    Enum.reduce_while(query, {:ok, %Cart{}}, fn {sku, text}, {:ok, cart} ->
      case add(cart, sku, text) do
        {:ok, cart} -> {:cont, {:ok, cart}}
        refusal -> {:halt, refusal}
      end
    end)
  end

  defp add(cart, _sku, text) when text in ["", "0"], do: {:ok, cart}

  defp add(cart, sku, text) do
    case Integer.parse(text) do
      {quantity, ""} -> Cart.add(cart, sku, quantity)
      _ -> {:error, :invalid_quantity}
    end
  end
end
