defmodule ShopWeb.Page do
  @moduledoc """
  The pages that people see. Templates are compiled in; the style sheet too.
  """

  require EEx

  alias Shop.{Cart, Catalogue, Money, Quote}
  alias ShopWeb.{Config, Report}

  @templates Path.join(__DIR__, "page")
  @stylesheet_path Path.join(__DIR__, "../../priv/static/shop.css")

  @external_resource @stylesheet_path
  @stylesheet File.read!(@stylesheet_path)

  EEx.function_from_file(:defp, :layout, Path.join(@templates, "layout.html.eex"), [
    :title,
    :main,
    :config
  ])

  EEx.function_from_file(:defp, :products, Path.join(@templates, "home.html.eex"), [:products])
  EEx.function_from_file(:defp, :bill, Path.join(@templates, "cart.html.eex"), [:bill])
  EEx.function_from_file(:defp, :facts, Path.join(@templates, "dashboard.html.eex"), [:facts])

  @doc """
  The catalogue, with a form that leads to the cart.
  """
  @spec home(Config.t()) :: iodata()
  def home(config), do: layout("Leaf & Kettle", products(Catalogue.all()), config)

  @doc """
  What a cart costs.
  """
  @spec cart(Cart.t(), Config.t()) :: iodata()
  def cart(cart, config), do: layout("Your cart", bill(Quote.of(cart)), config)

  @doc """
  What this instance is doing, for those who run it.
  """
  @spec dashboard(Config.t()) :: iodata()
  def dashboard(config) do
    {totals, facts} = config |> Report.status() |> Keyword.pop!(:totals)
    layout("Dashboard", facts(facts ++ totals), config)
  end

  @doc """
  The style sheet of all pages.
  """
  @spec stylesheet() :: iodata()
  def stylesheet, do: @stylesheet

  @doc """
  Makes text safe to stand in a page.

      iex> ShopWeb.Page.escape(~S(<a title="Leaf & Kettle">))
      "&lt;a title=&quot;Leaf &amp; Kettle&quot;&gt;"
  """
  @spec escape(String.Chars.t()) :: String.t()
  def escape(term) do
    term
    |> to_string()
    |> String.replace("&", "&amp;")
    |> String.replace("<", "&lt;")
    |> String.replace(">", "&gt;")
    |> String.replace("\"", "&quot;")
    |> String.replace("'", "&#39;")
  end
end
