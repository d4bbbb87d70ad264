defmodule ShopWeb.Login do
  @moduledoc """
  Signing in and out, with a form that nobody else can fill in.
  """

  alias ShopWeb.{Config, Page, Session, Token}
  alias ShopWeb.HTTP.{Request, Response}

  @doc """
  The form.
  """
  @spec show(Request.t(), Config.t()) :: Response.t()
  def show(request, config) do
    session = Session.of(request, config)
    Session.put(Response.html(Page.login(session, config)), session, config)
  end

  @doc """
  Takes the form: 403 without this visitor's token, 401 for a wrong password, else the way in.
  """
  @spec sign_in(Request.t(), Config.t()) :: Response.t()
  def sign_in(request, config) do
    session = Session.of(request, config)
    form = form(request)

    cond do
      Session.forged?(session, request, form) -> Response.error(403)
      not welcome?(form, config) -> Response.error(401)
      # A new session: one that was known before must not become somebody's.
      true -> Session.put(Response.redirect("/account"), Session.new(form["user"]), config)
    end
  end

  @doc """
  The page of who signed in; the way to the form for everybody else.
  """
  @spec account(Request.t(), Config.t()) :: Response.t()
  def account(request, config) do
    case Session.of(request, config) do
      %{user: nil} -> Response.redirect("/login")
      session -> Response.html(Page.account(session, config))
    end
  end

  defp form(request) do
    form = URI.decode_query(request.body)
    if Enum.all?(form, fn {name, text} -> String.valid?(name <> text) end), do: form, else: %{}
  end

  defp welcome?(_form, %{password: password}) when password in [nil, ""], do: false

  defp welcome?(form, %{password: password}) do
    Token.equal?(form["password"] || "", password) and form["user"] not in [nil, ""]
  end
end
