defmodule ShopWeb do
  @moduledoc """
  The shop over HTTP/1.1, on OTP alone.

    * `ShopWeb.Server` owns sockets and processes, knows no route, and drains when it is stopped.
    * `ShopWeb.HTTP.Request` and `ShopWeb.HTTP.Response` turn bytes into values and back.
    * `ShopWeb.Endpoint` answers a request; `ShopWeb.Router` says who does it.
    * `ShopWeb.Login` lets people in, `ShopWeb.Session` remembers them in a signed cookie.
    * `ShopWeb.WebSocket` is what a connection may become, and `ShopWeb.Live` a page that does so.
    * `ShopWeb.Page` and `ShopWeb.Report` are the answers: HTML for people, JSON for machines.
  """
end
