defmodule ShopWeb.BearerTest do
  use ExUnit.Case, async: true

  alias ShopWeb.Bearer

  doctest Bearer

  @cases [
    {"Bearer oolong", "oolong", true},
    {"bearer oolong", "oolong", true},
    {"Bearer oolon", "oolong", false},
    {"Bearer oolong ", "oolong", false},
    {"Basic oolong", "oolong", false},
    {"oolong", "oolong", false},
    {"", "oolong", false},
    {"Bearer ", "", false},
    {"Bearer oolong", nil, false}
  ]

  test "only the right scheme with the right token is let in" do
    for {authorization, expected, verdict} <- @cases do
      headers = %{"authorization" => authorization}
      assert {authorization, Bearer.authorized?(headers, expected)} == {authorization, verdict}
    end
  end

  test "a request without the header is not let in" do
    refute Bearer.authorized?(%{}, "oolong")
  end
end
