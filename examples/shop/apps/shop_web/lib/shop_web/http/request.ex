defmodule ShopWeb.HTTP.Request do
  @moduledoc """
  Reads requests from bytes (RFC 9112), without a socket.

  The VM's own decoder (the one behind the socket option `packet: :http_bin`) takes lines and
  headers apart; what is refused, and with which status, is decided here. Sizes are bounded: the
  head to 16 KiB and 100 headers, the body to 64 KiB.
  """

  alias ShopWeb.HTTP.Response

  @max_head 16 * 1024
  @max_headers 100
  @max_body 64 * 1024

  @enforce_keys [:method, :path]
  defstruct [:method, :path, query: %{}, minor: 1, headers: %{}, body: ""]

  @typedoc """
  A whole request. Header names are lower-case; the values of a repeated header are joined with
  commas. `minor` is 0 or 1, for HTTP/1.0 and HTTP/1.1.
  """
  @type t :: %__MODULE__{
          method: String.t(),
          path: String.t(),
          query: %{optional(String.t()) => String.t()},
          minor: 0 | 1,
          headers: %{optional(String.t()) => String.t()},
          body: binary()
        }

  @typedoc "One request and the bytes after it, or not all of it yet, or the status to refuse it."
  @type parsed :: {:ok, t(), binary()} | :more | {:error, Response.status()}

  @doc """
  Reads one request from the start of a buffer.

      iex> alias ShopWeb.HTTP.Request
      iex> bytes = "GET /tea?cup=2 HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n"
      iex> {:ok, request, ""} = Request.parse(bytes)
      iex> {request.method, request.path, request.query}
      {"GET", "/tea", %{"cup" => "2"}}
      iex> Request.parse("GET /tea HT")
      :more
      iex> Request.parse("tea, please\\r\\n\\r\\n")
      {:error, 400}
  """
  @spec parse(binary()) :: parsed()
  def parse("\r\n" <> buffer), do: parse(buffer)

  def parse(buffer) do
    with {:ok, request, rest} <- request_line(buffer),
         {:ok, request, rest} <- headers(request, rest, @max_headers),
         :ok <- check_head(buffer, rest),
         :ok <- check_host(request),
         {:ok, length} <- body_length(request.headers) do
      body(request, rest, length)
    else
      :more when byte_size(buffer) > @max_head -> {:error, 431}
      other -> other
    end
  end

  @doc """
  Whether the client wants the connection to stay open after the answer.
  """
  @spec keep_alive?(t()) :: boolean()
  def keep_alive?(%__MODULE__{minor: minor, headers: headers}) do
    options =
      headers |> Map.get("connection", "") |> String.downcase() |> String.split([",", " "])

    if minor == 1, do: "close" not in options, else: "keep-alive" in options
  end

  defp request_line(buffer) do
    case :erlang.decode_packet(:http_bin, buffer, []) do
      {:ok, {:http_request, method, target, {1, minor}}, rest} when minor in [0, 1] ->
        target(%__MODULE__{method: to_string(method), path: "*", minor: minor}, target, rest)

      {:ok, {:http_request, _method, _target, _version}, _rest} ->
        {:error, 505}

      {:more, _length} ->
        :more

      _ ->
        {:error, 400}
    end
  end

  defp target(request, :*, rest), do: {:ok, request, rest}
  defp target(request, {:abs_path, path}, rest), do: locate(request, path, rest)
  defp target(request, {:absoluteURI, _, _, _, path}, rest), do: locate(request, path, rest)
  defp target(_request, _other, _rest), do: {:error, 400}

  defp locate(request, target, rest) do
    with [path | query] <- String.split(target, "?", parts: 2),
         {:ok, query} <- decode_query(query) do
      {:ok, %{request | path: path, query: query}, rest}
    end
  end

  defp decode_query(query) do
    decoded = query |> Enum.join() |> URI.decode_query()
    if Enum.all?(decoded, &utf8?/1), do: {:ok, decoded}, else: {:error, 400}
  end

  defp utf8?({key, value}), do: String.valid?(key) and String.valid?(value)

  defp headers(request, buffer, left) do
    case :erlang.decode_packet(:httph_bin, buffer, []) do
      {:ok, :http_eoh, rest} -> {:ok, request, rest}
      {:ok, {:http_header, _, _, _, _}, _rest} when left == 0 -> {:error, 431}
      {:ok, {:http_header, _, _, name, value}, rest} -> header(request, name, value, rest, left)
      {:more, _length} -> :more
      _ -> {:error, 400}
    end
  end

  defp header(request, name, value, rest, left) do
    headers =
      Map.update(request.headers, String.downcase(name), value, fn first ->
        first <> ", " <> value
      end)

    headers(%{request | headers: headers}, rest, left - 1)
  end

  defp check_head(buffer, rest) when byte_size(buffer) - byte_size(rest) > @max_head,
    do: {:error, 431}

  defp check_head(_buffer, _rest), do: :ok

  defp check_host(%{minor: 1, headers: headers}) when not is_map_key(headers, "host"),
    do: {:error, 400}

  defp check_host(_request), do: :ok

  # Only bodies of a stated length are taken; nothing here has a use for a chunked one.
  defp body_length(%{"transfer-encoding" => _}), do: {:error, 411}

  defp body_length(%{"content-length" => text}) do
    cond do
      not (text =~ ~r/\A[0-9]+\z/) -> {:error, 400}
      String.length(text) > 9 or String.to_integer(text) > @max_body -> {:error, 413}
      true -> {:ok, String.to_integer(text)}
    end
  end

  defp body_length(_headers), do: {:ok, 0}

  defp body(request, rest, length) do
    case rest do
      <<body::binary-size(length), rest::binary>> -> {:ok, %{request | body: body}, rest}
      _ -> :more
    end
  end
end
