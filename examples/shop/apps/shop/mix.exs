defmodule Shop.MixProject do
  use Mix.Project

  def project do
    [
      app: :shop,
      version: "0.1.0",
      elixir: "~> 1.14",
      build_path: "../../_build",
      config_path: "../../config/config.exs",
      deps_path: "../../deps",
      lockfile: "../../mix.lock",
      start_permanent: Mix.env() == :prod,
      # A struct without functions has no line that could run.
      test_coverage: [summary: [threshold: 95], ignore_modules: [Shop.Product]],
      deps: []
    ]
  end

  def application do
    [extra_applications: []]
  end
end
