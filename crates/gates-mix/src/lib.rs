//! The gates of an Elixir project, run with the real `mix`: [`Format`], [`Compile`] and [`Test`].
//!
//! Exit codes of `mix` say little, so each gate reads what it said. "No" is a refused [`Report`] with a finding
//! for each file, warning or test; a project on which `mix` could not do its work is a [`Fault`], and so is an
//! answer that nobody understands. Neither is ever a pass.
//!
//! Each gate is one file under `quality/`: a command as a value, and a pure function that reads what it
//! answered. What they share is [`MixProject`].
//!
//! [`Report`]: pipeline_core::Report
//! [`Fault`]: pipeline_core::Fault

mod clean;
mod diagnostics;
mod error;
mod kept;
mod layout;
mod lines;
mod mix;
mod notes;
mod output;
mod process;
mod project;
mod quality;
#[cfg(test)]
mod testing;
mod trouble;

pub use error::{Error, Tail, Trouble};
pub use project::MixProject;
pub use quality::{Compile, Format, Test};
