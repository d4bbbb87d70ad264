defmodule ShopWeb.Endpoint do
  @moduledoc """
  Answers every request, and says on every answer who gave it.
  """

  alias ShopWeb.{Config, Router, Telemetry}
  alias ShopWeb.HTTP.{Request, Response}

  @doc """
  Answers a request, or words a refusal that the server has already decided on.
  """
  @spec call(Request.t() | {:error, Response.status()}, Config.t()) :: Response.t()
  def call(request, config) do
    Telemetry.count(:requests)

    request
    |> respond(config)
    |> count_errors()
    |> Response.put_headers(identity(config))
  end

  defp respond({:error, status}, _config), do: Response.error(status)

  defp respond(request, config) do
    Process.sleep(config.latency_ms)
    answer(request, config)
  end

  defp answer(%{path: path}, %{fault: {path, status}}), do: Response.error(status)
  defp answer(request, config), do: Router.call(request, config)

  defp count_errors(response) do
    if response.status >= 500, do: Telemetry.count(:errors)
    response
  end

  defp identity(config) do
    [
      {"x-machine-id", config.machine_id},
      {"x-machine-version", config.machine_version},
      {"x-app-version", config.app_version}
    ]
  end
end
