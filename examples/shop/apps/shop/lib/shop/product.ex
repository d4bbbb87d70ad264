defmodule Shop.Product do
  @moduledoc """
  One thing that the shop sells.
  """

  alias Shop.Money

  @enforce_keys [:sku, :name, :tagline, :emblem, :price]
  defstruct [:sku, :name, :tagline, :emblem, :price]

  @typedoc "The name of a product in addresses and forms."
  @type sku :: String.t()

  @typedoc "A product; its price includes tax."
  @type t :: %__MODULE__{
          sku: sku(),
          name: String.t(),
          tagline: String.t(),
          emblem: String.t(),
          price: Money.t()
        }
end
