defmodule ShopWeb.CartQueryTest do
  use ExUnit.Case, async: true

  alias ShopWeb.CartQuery

  doctest CartQuery

  test "what cannot be bought is refused" do
    for {query, reason} <- [
          {%{"coffee" => "1"}, :unknown_product},
          {%{"assam" => "-1"}, :invalid_quantity},
          {%{"assam" => "100"}, :invalid_quantity},
          {%{"assam" => "2x"}, :invalid_quantity},
          {%{"kettle" => "1", "assam" => "1.5"}, :invalid_quantity}
        ] do
      assert CartQuery.read(query) == {:error, reason}
    end
  end
end
