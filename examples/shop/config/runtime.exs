import Config

# The only place that reads the environment. Tests say for themselves what they need.
if config_env() != :test do
  integer = fn name, default, range ->
    with text <- System.get_env(name, Integer.to_string(default)),
         {number, ""} <- Integer.parse(text),
         true <- number in range do
      number
    else
      _ -> raise "#{name} must be a whole number in #{inspect(range)}; correct or unset it"
    end
  end

  # Loopback on a developer's machine; every interface on Fly.io, where the proxy is outside.
  default_bind = if System.get_env("FLY_APP_NAME"), do: "any", else: "loopback"

  ip =
    case System.get_env("BIND", default_bind) do
      "loopback" -> {127, 0, 0, 1}
      "any" -> {0, 0, 0, 0}
      other -> raise ~s(BIND must be "loopback" or "any", not #{inspect(other)})
    end

  # A release that misbehaves on purpose: this path is answered with this status.
  fault =
    case System.get_env("FAIL_PATH") do
      nil -> nil
      path -> {path, integer.("FAIL_STATUS", 500, 200..599)}
    end

  config :shop_web,
    ip: ip,
    port: integer.("PORT", 8080, 0..65_535),
    token: System.get_env("SHOP_TOKEN"),
    password: System.get_env("SHOP_PASSWORD"),
    secret: System.get_env("SECRET_KEY_BASE"),
    app_version: System.get_env("APP_VERSION"),
    machine_id: System.get_env("FLY_MACHINE_ID", "local"),
    machine_version: System.get_env("FLY_MACHINE_VERSION", "local"),
    region: System.get_env("FLY_REGION", "local"),
    latency_ms: integer.("LATENCY_MS", 0, 0..60_000),
    fault: fault
end
