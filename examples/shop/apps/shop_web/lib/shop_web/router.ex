defmodule ShopWeb.Router do
  @moduledoc """
  Which answer belongs to which path.
  """

  alias ShopWeb.{Bearer, CartQuery, Config, Live, Login, Page, Report}
  alias ShopWeb.HTTP.{Request, Response}

  @routes %{
    "/" => :home,
    "/cart" => :cart,
    "/dashboard" => :dashboard,
    "/login" => :login,
    "/account" => :account,
    "/live" => :live,
    "/live/websocket" => :live_socket,
    "/assets/shop.css" => :stylesheet,
    "/api/v1/health" => :health,
    "/api/v1/status" => :status
  }

  @forms %{"/login" => :sign_in}

  @typedoc "What is asked for."
  @type route ::
          :home
          | :cart
          | :dashboard
          | :login
          | :sign_in
          | :account
          | :live
          | :live_socket
          | :stylesheet
          | :health
          | :status

  @doc """
  Finds the route of a method and a path.

      iex> ShopWeb.Router.match("GET", "/cart")
      {:ok, :cart}

      iex> ShopWeb.Router.match("POST", "/login")
      {:ok, :sign_in}

      iex> ShopWeb.Router.match("POST", "/cart")
      {:error, 405}

      iex> ShopWeb.Router.match("POST", "/coffee")
      {:error, 404}
  """
  @spec match(String.t(), String.t()) :: {:ok, route()} | {:error, 404 | 405}
  def match(method, path) do
    case Map.fetch(@routes, path) do
      {:ok, route} when method in ["GET", "HEAD"] -> {:ok, route}
      {:ok, _route} when method == "POST" and is_map_key(@forms, path) -> {:ok, @forms[path]}
      {:ok, _route} -> {:error, 405}
      :error -> {:error, 404}
    end
  end

  @doc """
  Answers a request.
  """
  @spec call(Request.t(), Config.t()) :: Response.t()
  def call(request, config) do
    case match(request.method, request.path) do
      {:ok, route} -> show(route, request, config)
      {:error, 405} -> Response.error(405, [{"allow", allowed(request.path)}])
      {:error, 404} -> Response.error(404)
    end
  end

  defp allowed(path) when is_map_key(@forms, path), do: "GET, HEAD, POST"
  defp allowed(_path), do: "GET, HEAD"

  defp show(:login, request, config), do: Login.show(request, config)
  defp show(:sign_in, request, config), do: Login.sign_in(request, config)
  defp show(:account, request, config), do: Login.account(request, config)
  defp show(:live, request, config), do: Live.show(request, config)
  defp show(:live_socket, request, config), do: Live.connect(request, config)
  defp show(:home, _request, config), do: Response.html(Page.home(config))
  defp show(:stylesheet, _request, _config), do: Response.css(Page.stylesheet())
  defp show(:health, _request, config), do: health(Report.health(config))
  defp show(:status, _request, config), do: Response.json(Report.status(config))

  defp show(:cart, request, config) do
    case CartQuery.read(request.query) do
      {:ok, cart} -> Response.html(Page.cart(cart, config))
      {:error, _reason} -> Response.error(400)
    end
  end

  defp show(:dashboard, request, config) do
    if Bearer.authorized?(request.headers, config.token) do
      Response.html(Page.dashboard(config))
    else
      Response.error(401, [{"www-authenticate", ~s(Bearer realm="shop")}])
    end
  end

  defp health(report) do
    status = if report[:status] == :healthy, do: 200, else: 503
    Response.json(report, status)
  end
end
