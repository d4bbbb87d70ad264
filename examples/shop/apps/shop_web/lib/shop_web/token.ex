defmodule ShopWeb.Token do
  @moduledoc """
  Small maps that go out and come back: anybody can read them, and nobody can change them.
  """

  alias ShopWeb.Config

  @doc """
  Signs a map, for one use, which the salt names.

      iex> config = ShopWeb.Config.load(secret: "kettle")
      iex> token = ShopWeb.Token.sign(%{"user" => "anna"}, "session", config)
      iex> ShopWeb.Token.read(token, "session", config)
      {:ok, %{"user" => "anna"}}
      iex> ShopWeb.Token.read(token, "live", config)
      :error
  """
  @spec sign(%{optional(String.t()) => String.t()}, String.t(), Config.t()) :: String.t()
  def sign(map, salt, config) do
    payload = map |> URI.encode_query() |> Base.url_encode64()
    "#{payload}.#{seal(payload, salt, config)}"
  end

  @doc """
  Reads what was signed for the same use.
  """
  @spec read(String.t(), String.t(), Config.t()) ::
          {:ok, %{optional(String.t()) => String.t()}} | :error
  def read(token, salt, config) do
    with [payload, seal] <- String.split(token, ".", parts: 2),
         true <- equal?(seal, seal(payload, salt, config)),
         {:ok, query} <- Base.url_decode64(payload) do
      {:ok, URI.decode_query(query)}
    else
      _foreign -> :error
    end
  end

  @doc """
  Compares in constant time.

      iex> ShopWeb.Token.equal?("tea", "tea")
      true
      iex> ShopWeb.Token.equal?("tea", "coffee")
      false
  """
  @spec equal?(String.t(), String.t()) :: boolean()
  # Digests have one length, so not even the length of what was expected shows.
  def equal?(given, expected) do
    :crypto.hash_equals(:crypto.hash(:sha256, given), :crypto.hash(:sha256, expected))
  end

  defp seal(payload, salt, config) do
    :hmac
    |> :crypto.mac(:sha256, "#{salt}:#{config.secret}", payload)
    |> Base.url_encode64()
  end
end
