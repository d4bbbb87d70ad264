import Config

config :logger, level: if(config_env() == :prod, do: :info, else: :debug)

if config_env() == :test do
  config :logger, level: :warning

  # Any free port, on loopback: tests ask the server which one it got.
  config :shop_web, port: 0
end
