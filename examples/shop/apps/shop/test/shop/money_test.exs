defmodule Shop.MoneyTest do
  use ExUnit.Case, async: true

  alias Shop.Money

  doctest Money

  test "amounts are written with two digits of cents" do
    for {cents, text} <- [{0, "€0.00"}, {7, "€0.07"}, {100, "€1.00"}, {123_456, "€1234.56"}] do
      assert Money.format(cents) == text
    end
  end

  test "shares are rounded half up" do
    for {cents, rate, share} <- [{0, 10, 0}, {4, 10, 0}, {5, 10, 1}, {14, 10, 1}, {15, 10, 2}] do
      assert Money.percent(cents, rate) == share
    end
  end

  test "the tax within an amount is the amount without its net price" do
    for {cents, tax} <- [{0, 0}, {119, 19}, {2245, 358}, {100, 16}] do
      assert Money.tax_within(cents, 19) == tax
    end
  end
end
