//! Lints of the files that make a release: advice with a place, for the time before a deploy. Pure.
//!
//! `instructions.rs` reads a Dockerfile, `stages.rs` knows what its stages do, `dockerfile.rs` and `faults.rs` judge that.
//! How the nodes of a release are named (`rel/env.sh.eex`) belongs to where they run: `target-flyio` looks at it.

mod dockerfile;
mod faults;
mod instructions;
mod stages;

pub use dockerfile::{Beside, lint_dockerfile};
