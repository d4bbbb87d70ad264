defmodule ShopWeb.HTTP.Response do
  @moduledoc """
  Answers as values, and how they are written (RFC 9112).
  """

  alias ShopWeb.JSON

  defstruct status: 200, headers: [], body: "", upgrade: nil

  @typedoc "An HTTP status."
  @type status :: 100..599

  @typedoc "A header; the name is lower-case."
  @type header :: {String.t(), String.t()}

  @typedoc """
  An answer. Length, date and connection are added when it is written. After one with an `upgrade`
  the connection is a WebSocket, whose messages that module answers.
  """
  @type t :: %__MODULE__{
          status: status(),
          headers: [header()],
          body: iodata(),
          upgrade: {module(), term()} | nil
        }

  @typedoc "Whether the connection stays open after this answer."
  @type persistence :: :keep_alive | :close | :upgrade

  @reasons %{
    101 => "Switching Protocols",
    200 => "OK",
    204 => "No Content",
    302 => "Found",
    304 => "Not Modified",
    400 => "Bad Request",
    401 => "Unauthorized",
    403 => "Forbidden",
    404 => "Not Found",
    405 => "Method Not Allowed",
    408 => "Request Timeout",
    411 => "Length Required",
    413 => "Content Too Large",
    426 => "Upgrade Required",
    431 => "Request Header Fields Too Large",
    500 => "Internal Server Error",
    502 => "Bad Gateway",
    503 => "Service Unavailable",
    505 => "HTTP Version Not Supported"
  }

  @doc """
  A page for people. It may load nothing but this shop's own files.
  """
  @spec html(iodata()) :: t()
  def html(body) do
    put_headers(typed("text/html; charset=utf-8", body), [
      {"content-security-policy", "default-src 'self'"}
    ])
  end

  @doc """
  A style sheet, which may be kept for an hour.
  """
  @spec css(iodata()) :: t()
  def css(body) do
    put_headers(typed("text/css; charset=utf-8", body), [{"cache-control", "max-age=3600"}])
  end

  @doc """
  A value for machines.
  """
  @spec json(JSON.value(), status()) :: t()
  def json(value, status \\ 200) do
    response = typed("application/json", JSON.encode(value))
    put_headers(%{response | status: status}, [{"cache-control", "no-store"}])
  end

  @doc """
  The way to another page of this shop.

      iex> ShopWeb.HTTP.Response.redirect("/login").headers
      [{"location", "/login"}]
  """
  @spec redirect(String.t()) :: t()
  def redirect(path), do: %__MODULE__{status: 302, headers: [{"location", path}]}

  @doc """
  A refusal, with nothing but its status and what that is called.

      iex> IO.iodata_to_binary(ShopWeb.HTTP.Response.error(404).body)
      ~S({"error":"Not Found"})
  """
  @spec error(status(), [header()]) :: t()
  def error(status, headers \\ []) do
    [error: reason(status)] |> json(status) |> put_headers(headers)
  end

  @doc """
  Adds headers behind those that are there.
  """
  @spec put_headers(t(), [header()]) :: t()
  def put_headers(response, headers), do: %{response | headers: response.headers ++ headers}

  @doc """
  Writes an answer to a request of this method.

      iex> response = %ShopWeb.HTTP.Response{body: "tea"}
      iex> IO.iodata_to_binary(ShopWeb.HTTP.Response.encode(response, "GET", :close))
      "HTTP/1.1 200 OK\\r\\nconnection: close\\r\\ncontent-length: 3\\r\\n\\r\\ntea"
  """
  @spec encode(t(), String.t(), persistence()) :: iodata()
  def encode(response, method, persistence) do
    headers = [{"connection", connection(persistence)} | response.headers]

    [
      ["HTTP/1.1 ", Integer.to_string(response.status), " ", reason(response.status), "\r\n"],
      for({name, value} <- headers ++ length_of(response), do: [name, ": ", value, "\r\n"]),
      "\r\n",
      body(response, method)
    ]
  end

  defp typed(type, body), do: %__MODULE__{headers: [{"content-type", type}], body: body}

  defp reason(status), do: Map.get(@reasons, status, "Status #{status}")

  defp connection(:keep_alive), do: "keep-alive"
  defp connection(:close), do: "close"
  defp connection(:upgrade), do: "Upgrade"

  # These have no body by definition, so they must not announce one.
  defp length_of(%{status: status}) when status in [101, 204, 304], do: []

  defp length_of(%{body: body}),
    do: [{"content-length", body |> IO.iodata_length() |> Integer.to_string()}]

  defp body(%{status: status}, _method) when status in [101, 204, 304], do: []
  defp body(_response, "HEAD"), do: []
  defp body(response, _method), do: response.body
end
