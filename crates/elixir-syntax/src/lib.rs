//! Reads Elixir source text into a syntax tree, fast.
