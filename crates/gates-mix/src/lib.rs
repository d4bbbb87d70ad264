//! The gates of an Elixir project, run with the real `mix`: [`Format`], [`Compile`], [`Credo`], [`Test`], [`Dialyzer`],
//! [`Unused`] and [`Cycles`]; [`doctrine`], rules on its code; [`Security`], what is known to be unsafe; and [`HealthScore`], one
//! number out of what they measured.
//!
//! Exit codes of `mix` say little, so each gate reads what it said. "No" is a refused [`Report`] with a finding
//! for each file, warning or test; a project on which `mix` could not do its work is a [`Fault`], and so is an
//! answer that nobody understands. Neither is ever a pass.
//!
//! Each gate is one file under `quality/`: a command as a value, and a pure function that reads what it
//! answered. What they share is [`MixProject`].
//!
//! ```
//! use gates_mix::{Compile, Format, MixProject, Test};
//! use pipeline_core::{Gates, Step};
//!
//! # fn main() -> Result<(), pipeline_core::BuildError> {
//! let project = MixProject::at(".").without_env("FLY_API_TOKEN");
//! let gates = Gates::builder()
//!     .gate(Step::gate("format", Format::new(project.clone())))
//!     // What builds in one folder takes turns.
//!     .gate(Step::gate("compile", Compile::new(project.clone())).exclusive(&["_build/dev"]))
//!     .gate(Step::gate("test", Test::new(project)).exclusive(&["_build/test"]).weight(2))
//!     .build()?;
//! assert_eq!(gates.levels().concat(), ["format", "compile", "test"]);
//! # Ok(()) }
//! ```
//!
//! [`Report`]: pipeline_core::Report
//! [`Fault`]: pipeline_core::Fault

mod build_folder;
mod dependency;
mod diagnostics;
pub mod doctrine;
mod error;
mod health_score;
mod lanes;
mod layout;
pub mod migrations;
mod mix;
mod path_deps;
mod project;
mod quality;
mod release_files;
mod security;
#[cfg(test)]
mod testing;
mod trouble;
mod versions;

pub use error::{Error, Trouble};
pub use health_score::{
    Component, Grade, HEARD, HealthScore, Measured, Profile, Rated, Score, ScoreSource, Target,
    Unmeasured, Weights, WeightsError, score,
};
pub use pipeline_process::Tail;
pub use project::MixProject;
pub use quality::{Compile, Credo, Cycles, Dialyzer, Format, Test, Unused};
pub use release_files::{Beside, lint_dockerfile};
pub use security::{
    AdvisoryError, AskError, History, Ignore, LockError, Osv, Past, PastSecret, Policy, Rating,
    Scan, Secret, SecretRules, SecretsError, Security, Source, Unread, Unsafe, history, tracked,
};
