# One-line recipes; `just` lists them.

_default:
    @just --list

# Everything that CI runs
test:
    cargo xtask test

# Formatting, lints, documentation; no test
check:
    cargo xtask check

# The packages, as `cargo publish` would make them
package:
    cargo xtask package

# The main job against the simulated Fly.io
demo:
    cargo run --release -- demo

# What the engine costs
bench:
    cargo xtask bench

# One example: just example in_memory
example NAME:
    cargo run -p pipeline-examples --bin {{NAME}}
