//! The gates of an Elixir project, run with the real `mix`: [`Format`], [`Compile`], [`Credo`], [`Test`], [`Dialyzer`],
//! [`Unused`] and [`Cycles`].
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

mod build_folder;
mod dependency;
mod diagnostics;
mod doctrine;
mod error;
mod health_score;
mod lanes;
mod layout;
mod mix;
mod path_deps;
mod project;
mod quality;
mod security;
#[cfg(test)]
mod testing;
mod trouble;
mod versions;

pub use error::{Error, Trouble};
pub use pipeline_process::Tail;
pub use project::MixProject;
pub use quality::{Compile, Credo, Cycles, Dialyzer, Format, Test, Unused};
pub use security::{
    History, PastSecret, Secret, SecretRules, SecretsError, Unread, history, tracked,
};
