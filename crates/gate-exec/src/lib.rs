//! Any command as a gate: [`ExecGate`], so that a team brings its own checks without Rust.
//!
//! What the command answers is read by a [`Reader`]:
//!
//! * **exit code**: 0 passed; the codes that mean "no" (1, if not said) refused, with the last lines of what the
//!   command said; any other code, and a signal, is a [`Fault`].
//! * **SARIF 2.1.0**: errors and warnings refuse, notes are told. Suppressed results, and those that a baseline
//!   calls absent, are left out and counted.
//! * **`JUnit` XML**: failures and errors refuse. No test that ran is inconclusive.
//! * **regular expression**: each line that matches is a finding; all refuse but notes.
//!
//! A report is read from the file that the command writes, or from standard output. What cannot be read is never
//! a pass, and a command that ends with another exit code than 0 never passes: with findings it has refused (tools
//! differ in the code they use for that), without any it could not do its work, and that is a [`Fault`]. Of exit
//! code 0 with findings, the findings count.
//!
//! ```
//! use gate_exec::{ExecConfig, ExecGate};
//! use pipeline_core::{Gates, Release, Run, RunId, Step, Verdict};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let project = folder.path();
//! let config = ExecConfig { inputs: vec!["mix.lock".into()], ..ExecConfig::new(["false"]) };
//! let gate = Step::gate("licenses", ExecGate::new(project, config)?);
//! let gates = Gates::builder().gate(gate).build()?;
//! let run = Run::new(RunId::new("run-1"), Release::new("v1"), project);
//! let answer = gates.check(&run).await.remove(0).outcome.unwrap()?;
//! assert_eq!(answer.verdict(), Verdict::Refused); // exit code 1 is a "no"
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! At most 10,000 findings are kept, those that refuse first; the number `findings` counts all.
//!
//! [`Fault`]: pipeline_core::Fault

mod answer;
mod config;
mod error;
mod exit_code;
mod findings;
mod gate;
mod junit;
mod pattern;
mod project;
mod reader;
mod report_file;
mod run;
mod sarif;
#[cfg(test)]
mod testing;

pub use config::{ExecConfig, arguments};
pub use error::Error;
pub use gate::ExecGate;
pub use pipeline_process::Tail;
pub use reader::Reader;
