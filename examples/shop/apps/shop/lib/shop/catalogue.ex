defmodule Shop.Catalogue do
  @moduledoc """
  Everything that the shop sells, in the order in which it is shown.
  """

  alias Shop.Product

  @products [
    %Product{
      sku: "sencha",
      name: "Sencha",
      tagline: "Green and grassy, for slow mornings.",
      emblem: "🍵",
      price: 890
    },
    %Product{
      sku: "assam",
      name: "Assam",
      tagline: "Malty and strong; it forgives milk.",
      emblem: "🫖",
      price: 650
    },
    %Product{
      sku: "rooibos",
      name: "Rooibos",
      tagline: "Red, sweet, and nothing to keep you awake.",
      emblem: "🌿",
      price: 540
    },
    %Product{
      sku: "kettle",
      name: "Kettle",
      tagline: "A litre of water, at the degree you ask for.",
      emblem: "♨️",
      price: 4900
    }
  ]

  @by_sku Map.new(@products, &{&1.sku, &1})

  @doc """
  All products.

      iex> Enum.map(Shop.Catalogue.all(), & &1.sku)
      ["sencha", "assam", "rooibos", "kettle"]
  """
  @spec all() :: [Product.t(), ...]
  def all, do: @products

  @doc """
  Finds one product.

      iex> {:ok, product} = Shop.Catalogue.fetch("assam")
      iex> product.name
      "Assam"

      iex> Shop.Catalogue.fetch("coffee")
      :error
  """
  @spec fetch(Product.sku()) :: {:ok, Product.t()} | :error
  def fetch(sku), do: Map.fetch(@by_sku, sku)
end
