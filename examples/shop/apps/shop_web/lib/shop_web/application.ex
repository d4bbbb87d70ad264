defmodule ShopWeb.Application do
  @moduledoc """
  Starts the server, and with it the whole application.

  Stopping needs no code here: SIGTERM makes the VM stop its applications, and `ShopWeb.Server`
  drains when its supervisor stops it.
  """

  use Application

  alias ShopWeb.{Config, Endpoint, Server, Telemetry}

  @impl Application
  def start(_type, _args) do
    config = Config.load()
    Telemetry.install()

    children = [{Server, ip: config.ip, port: config.port, app: &Endpoint.call(&1, config)}]
    Supervisor.start_link(children, strategy: :one_for_one, name: ShopWeb.Supervisor)
  end
end
