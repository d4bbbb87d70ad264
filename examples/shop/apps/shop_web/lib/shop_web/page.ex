defmodule ShopWeb.Page do
  @moduledoc """
  The pages that people see. Templates are compiled in; the style sheet too.
  """

  require EEx

  alias Shop.{Cart, Catalogue, Money, Quote}
  alias ShopWeb.{Config, Report, Session}

  @templates Path.join(__DIR__, "page")
  @stylesheet_path Path.join(__DIR__, "../../priv/static/shop.css")

  @external_resource @stylesheet_path
  @stylesheet File.read!(@stylesheet_path)

  EEx.function_from_file(:defp, :layout, Path.join(@templates, "layout.html.eex"), [
    :title,
    :main,
    :config,
    :csrf
  ])

  EEx.function_from_file(:defp, :products, Path.join(@templates, "home.html.eex"), [:products])
  EEx.function_from_file(:defp, :bill, Path.join(@templates, "cart.html.eex"), [:bill])
  EEx.function_from_file(:defp, :facts, Path.join(@templates, "dashboard.html.eex"), [:facts])
  EEx.function_from_file(:defp, :form, Path.join(@templates, "login.html.eex"), [:session])
  EEx.function_from_file(:defp, :greeting, Path.join(@templates, "account.html.eex"), [:session])
  EEx.function_from_file(:defp, :root, Path.join(@templates, "live.html.eex"), [:root])

  @doc """
  The catalogue, with a form that leads to the cart.
  """
  @spec home(Config.t()) :: iodata()
  def home(config), do: layout("Leaf & Kettle", products(Catalogue.all()), config, nil)

  @doc """
  What a cart costs.
  """
  @spec cart(Cart.t(), Config.t()) :: iodata()
  def cart(cart, config), do: layout("Your cart", bill(Quote.of(cart)), config, nil)

  @doc """
  What this instance is doing, for those who run it.
  """
  @spec dashboard(Config.t()) :: iodata()
  def dashboard(config) do
    {totals, facts} = config |> Report.status() |> Keyword.pop!(:totals)
    layout("Dashboard", facts(facts ++ totals), config, nil)
  end

  @doc """
  The form to sign in with.
  """
  @spec login(Session.t(), Config.t()) :: iodata()
  def login(session, config), do: layout("Sign in", form(session), config, session.csrf)

  @doc """
  The page of who signed in.
  """
  @spec account(Session.t(), Config.t()) :: iodata()
  def account(session, config),
    do: layout("Your account", greeting(session), config, session.csrf)

  @doc """
  A page that stays connected; `root` has its `id` and its signed `session`.
  """
  @spec live(keyword(String.t()), Session.t(), Config.t()) :: iodata()
  def live(root, session, config), do: layout("Live", root(root), config, session.csrf)

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
