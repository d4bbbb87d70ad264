defmodule Shop.Money do
  @moduledoc """
  Amounts in whole euro cents, so that nothing is ever lost to floating point.
  """

  @typedoc "An amount in euro cents."
  @type t :: integer()

  @doc """
  Writes an amount as people read it.

      iex> Shop.Money.format(1250)
      "€12.50"

      iex> Shop.Money.format(-5)
      "-€0.05"
  """
  @spec format(t()) :: String.t()
  def format(cents) when cents < 0, do: "-" <> format(-cents)

  def format(cents) do
    rest = cents |> rem(100) |> Integer.to_string() |> String.pad_leading(2, "0")
    "€#{div(cents, 100)}.#{rest}"
  end

  @doc """
  A share of an amount that is not negative, in percent; half a cent is rounded up.

      iex> Shop.Money.percent(1000, 10)
      100

      iex> Shop.Money.percent(5, 10)
      1
  """
  @spec percent(non_neg_integer(), 0..100) :: non_neg_integer()
  def percent(cents, rate), do: div(cents * rate + 50, 100)

  @doc """
  The tax that an amount already contains.

      iex> Shop.Money.tax_within(1190, 19)
      190
  """
  @spec tax_within(non_neg_integer(), 0..100) :: non_neg_integer()
  def tax_within(cents, rate) do
    whole = 100 + rate
    div(cents * rate + div(whole, 2), whole)
  end
end
