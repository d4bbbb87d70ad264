defmodule ShopWeb.Live do
  @moduledoc """
  A page that stays connected, in the words of Phoenix LiveView: its root carries signed tokens, and
  a message that brings them back over the WebSocket is answered with what to show.

  Messages are those of Phoenix's second serializer, `[join_ref, ref, topic, event, payload]`. Of
  JSON just so much is understood as that takes: texts are found by their names.
  """

  @behaviour ShopWeb.WebSocket

  alias ShopWeb.{Config, JSON, Page, Session, Telemetry, Token, WebSocket}
  alias ShopWeb.HTTP.{Request, Response}

  @salt "live"

  @message ~r/\A\s*\[\s*(null|"[^"\\]*")\s*,\s*(null|"[^"\\]*")\s*,\s*"([^"\\]*)"\s*,\s*"([^"\\]*)"/

  @doc """
  The page.
  """
  @spec show(Request.t(), Config.t()) :: Response.t()
  def show(request, config) do
    session = Session.of(request, config)
    id = "phx-" <> Base.url_encode64(:crypto.strong_rand_bytes(9))
    root = [id: id, session: Token.sign(%{"id" => id}, @salt, config)]
    Session.put(Response.html(Page.live(root, session, config)), session, config)
  end

  @doc """
  Opens the WebSocket for the visitor who got the page, and for nobody else's script.
  """
  @spec connect(Request.t(), Config.t()) :: Response.t()
  def connect(request, config) do
    session = Session.of(request, config)
    same? = not Session.forged?(session, request, request.query)

    if foreign?(request) do
      Response.error(403)
    else
      WebSocket.open(request, __MODULE__, %{config: config, same_visitor?: same?})
    end
  end

  @doc """
  Answers a message: a join, or the heartbeat.
  """
  @impl WebSocket
  def handle_text(text, state) do
    case Regex.run(@message, text) do
      [_all, join_ref, ref, topic, event] ->
        payload = payload(event, topic, text, state)
        {[reply(join_ref, ref, topic, payload)], state}

      nil ->
        {[], state}
    end
  end

  defp payload("heartbeat", "phoenix", _text, _state), do: ok(%{})

  defp payload("phx_join", "lv:" <> id, text, state) do
    with true <- state.same_visitor?,
         {:ok, token} <- text_of(text, "session"),
         {:ok, %{"id" => ^id}} <- Token.read(token, @salt, state.config) do
      ok(%{rendered: %{"0" => shown(), "s" => ["", ""]}})
    else
      _foreign -> error("stale")
    end
  end

  defp payload(_event, _topic, _text, _state), do: error("unmatched topic")

  defp shown, do: "#{Telemetry.totals()[:requests]} requests answered"

  defp ok(response), do: %{status: "ok", response: response}
  defp error(reason), do: %{status: "error", response: %{reason: reason}}

  # The references come back as they came, quotation marks included.
  defp reply(join_ref, ref, topic, payload) do
    rest = [JSON.encode(topic), JSON.encode("phx_reply"), JSON.encode(payload)]
    IO.iodata_to_binary([?[, Enum.intersperse([join_ref, ref | rest], ?,), ?]])
  end

  defp text_of(text, name) do
    case Regex.run(~r/"#{name}"\s*:\s*"([^"\\]*)"/, text) do
      [_all, value] -> {:ok, value}
      nil -> :error
    end
  end

  # A browser says which site a script came from; what is no browser need not.
  defp foreign?(%{headers: %{"origin" => origin, "host" => host}}) do
    [host | _port] = String.split(host, ":")
    URI.parse(origin).host != host
  end

  defp foreign?(_request), do: false
end
