//! Small things that most tests need: a run, and faults.

use pipeline_core::{Fault, Release, Run, RunId};

/// A run that releases `version`, which nobody hears and nobody stops.
#[must_use]
pub fn a_run(version: &str) -> Run {
    Run::new(RunId::new(format!("run-{version}")), Release::new(version), ".")
}

/// A fault that may go away by itself.
#[must_use]
pub fn transient(message: &str) -> Fault {
    Fault::transient(std::io::Error::other(message))
}

/// A fault that stays.
#[must_use]
pub fn permanent(message: &str) -> Fault {
    Fault::permanent(std::io::Error::other(message))
}
