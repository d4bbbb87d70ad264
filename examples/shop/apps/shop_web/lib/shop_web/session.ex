defmodule ShopWeb.Session do
  @moduledoc """
  What the shop remembers of a visitor, in a cookie that it signs: who signed in, and the token that
  every form must send back.
  """

  alias ShopWeb.{Config, Token}
  alias ShopWeb.HTTP.{Request, Response}

  @cookie "_shop_key"
  @salt "session"

  @enforce_keys [:csrf]
  defstruct [:csrf, :user]

  @typedoc "A visitor; nobody signed in without a `user`."
  @type t :: %__MODULE__{csrf: String.t(), user: String.t() | nil}

  @doc """
  The session that a request carries, or a new one.
  """
  @spec of(Request.t(), Config.t()) :: t()
  def of(request, config) do
    with value when is_binary(value) <- cookie(request.headers),
         {:ok, %{"csrf" => csrf} = known} <- Token.read(value, @salt, config) do
      %__MODULE__{csrf: csrf, user: known["user"]}
    else
      _none_or_foreign -> new()
    end
  end

  @doc """
  A session that was not there before, for `user` if somebody signed in.
  """
  @spec new(String.t() | nil) :: t()
  def new(user \\ nil) do
    %__MODULE__{csrf: Base.url_encode64(:crypto.strong_rand_bytes(18)), user: user}
  end

  @doc """
  Whether a form or a header carries this session's token.
  """
  @spec forged?(t(), Request.t(), %{optional(String.t()) => String.t()}) :: boolean()
  def forged?(session, request, form) do
    given = form["_csrf_token"] || request.headers["x-csrf-token"] || ""
    not Token.equal?(given, session.csrf)
  end

  @doc """
  Gives the session to the visitor.
  """
  @spec put(Response.t(), t(), Config.t()) :: Response.t()
  def put(response, session, config) do
    known = %{"csrf" => session.csrf}
    known = if session.user, do: Map.put(known, "user", session.user), else: known
    value = Token.sign(known, @salt, config)

    Response.put_headers(response, [
      {"set-cookie", "#{@cookie}=#{value}; Path=/; HttpOnly; SameSite=Lax"}
    ])
  end

  defp cookie(headers) do
    headers
    |> Map.get("cookie", "")
    |> String.split([";", ","])
    |> Enum.find_value(fn pair ->
      case String.split(String.trim(pair), "=", parts: 2) do
        [@cookie, value] -> value
        _other -> nil
      end
    end)
  end
end
