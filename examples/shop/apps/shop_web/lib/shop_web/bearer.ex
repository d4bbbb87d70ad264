defmodule ShopWeb.Bearer do
  @moduledoc """
  Bearer tokens (RFC 6750), compared in constant time.
  """

  alias ShopWeb.Token

  @doc """
  Whether the request carries the token. Without an expected token nobody is let in.

      iex> ShopWeb.Bearer.authorized?(%{"authorization" => "Bearer oolong"}, "oolong")
      true

      iex> ShopWeb.Bearer.authorized?(%{"authorization" => "Bearer coffee"}, "oolong")
      false

      iex> ShopWeb.Bearer.authorized?(%{"authorization" => "Bearer "}, nil)
      false
  """
  @spec authorized?(%{optional(String.t()) => String.t()}, String.t() | nil) :: boolean()
  def authorized?(_headers, expected) when expected in [nil, ""], do: false

  def authorized?(%{"authorization" => authorization}, expected) do
    case String.split(authorization, " ", parts: 2) do
      [scheme, given] -> String.downcase(scheme) == "bearer" and Token.equal?(given, expected)
      _ -> false
    end
  end

  def authorized?(_headers, _expected), do: false
end
