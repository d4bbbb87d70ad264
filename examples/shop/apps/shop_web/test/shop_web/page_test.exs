defmodule ShopWeb.PageTest do
  use ExUnit.Case, async: true

  alias Shop.Cart
  alias ShopWeb.{Config, Page}

  doctest Page

  @config Config.load(app_version: "v2 <beta>", machine_id: "m1", region: "fra")

  test "the front page shows every product and a field to order it" do
    page = IO.iodata_to_binary(Page.home(@config))

    for product <- Shop.Catalogue.all() do
      assert page =~ "<h2>#{product.name}</h2>"
      assert page =~ ~s(name="#{product.sku}")
    end
  end

  test "each page says which build made it, safely" do
    for page <- [Page.home(@config), Page.cart(%Cart{}, @config), Page.dashboard(@config)] do
      assert IO.iodata_to_binary(page) =~ "version <b>v2 &lt;beta&gt;</b>"
    end
  end

  test "the cart shows its lines and its total" do
    {:ok, cart} = Cart.add(%Cart{}, "assam", 3)
    page = IO.iodata_to_binary(Page.cart(cart, @config))
    assert page =~ "<td>Assam</td>"
    assert page =~ "<b>€22.45</b>"
  end

  test "an empty cart leads back to the shop" do
    assert IO.iodata_to_binary(Page.cart(%Cart{}, @config)) =~ ~s(<a href="/">)
  end

  test "the dashboard shows the totals" do
    assert IO.iodata_to_binary(Page.dashboard(@config)) =~ "<th>requests</th>"
  end

  test "the style sheet styles elements only" do
    assert Page.stylesheet() =~ "article {"
  end
end
