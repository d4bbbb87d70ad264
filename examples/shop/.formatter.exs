[
  inputs: ["{mix,.formatter}.exs", "{config,rel}/**/*.exs"],
  subdirectories: ["apps/*"]
]
