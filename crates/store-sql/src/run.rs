//! A run as history tells it.

use std::fmt;

use jiff::Timestamp;
use pipeline_core::{Conclusion, PhaseTotal, RunId};
use serde::{Deserialize, Serialize};

use crate::word::word;

/// What is known when a run begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// What the run does.
    pub kind: RunKind,
    /// The environment's name, such as `production`.
    pub environment: String,
    /// The target's name, such as `flyio:shop`.
    pub target: String,
    /// The commit that is released, if it is known.
    pub revision: Option<String>,
    /// What the target shall run, if that exists already. Else the journal tells it once it is built.
    pub image: Option<String>,
    /// What started it, such as the address of a CI job; absent at a terminal.
    pub origin: Option<String>,
    /// The run whose release a rollback brings back.
    pub restores: Option<RunId>,
    /// The run of another environment whose release this one brings, where it was promoted.
    pub promotes: Option<RunId>,
    /// Who started it.
    pub who: String,
    /// On which host it runs.
    pub host: String,
    /// In which process of that host.
    pub pid: u32,
    /// The version of the pipeline itself.
    pub pipeline_version: String,
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Brings a release.
    Deploy,
    /// Brings a recorded release back.
    Rollback,
}

/// How a run ended, in the words of a history line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunOutcome {
    /// The new release serves.
    Pass,
    /// It was stopped before the new release served.
    Fail,
    /// It was taken back.
    Rollback,
    /// Somebody stopped it.
    Abort,
    /// A person is needed.
    Stuck,
}

impl fmt::Display for RunOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&word(self))
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The engine's conclusion; `None` when it came to none, as when nobody confirmed the deploy.
    pub conclusion: Option<Conclusion>,
    /// The word for history.
    pub outcome: RunOutcome,
    /// The exit code of the command.
    pub exit_code: u8,
}

/// A recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its name for ever: a UUID of version 7.
    pub id: RunId,
    /// Counts up by one over the store, from 1.
    pub number: i64,
    /// `v` and the number.
    pub version: String,
    /// What was known at its beginning, and the image as soon as it was built.
    pub begun: NewRun,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` while it runs and after it was interrupted.
    pub ended: Option<Timestamp>,
    /// How it ended, if it did.
    pub ending: Option<Ending>,
    /// Why its release must not be gone back to, if somebody said so.
    pub bad: Option<String>,
    /// How long users were on the way back to the old release, in milliseconds, where the run's own was
    /// taken back and had users.
    pub traffic_back_ms: Option<u64>,
}

impl RunRow {
    /// From beginning to end in milliseconds, pauses of an interrupted run included.
    #[must_use]
    pub fn duration_ms(&self) -> Option<u64> {
        let took = self.ended?.as_millisecond() - self.started.as_millisecond();
        Some(u64::try_from(took).unwrap_or(0))
    }
}

/// Which runs to list. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only those of this environment.
    pub environment: Option<String>,
    /// Only those of this target.
    pub target: Option<String>,
    /// Only those that ended so.
    pub outcome: Option<RunOutcome>,
    /// Only those that have no ending.
    pub unfinished: bool,
    /// Only those that came to an end, and that nobody stopped.
    pub concluded: bool,
    /// Only those that ended after they had changed their target.
    pub changed: bool,
    /// Only those that began then or later.
    pub since: Option<Timestamp>,
    /// Only those that began before then.
    pub until: Option<Timestamp>,
    /// Only those that do this.
    pub kind: Option<RunKind>,
    /// Only those that this one started.
    pub who: Option<String>,
    /// Only those of commits whose name begins so: short names are what people write.
    pub revision: Option<String>,
    /// Only those with a smaller number, to go on where an earlier list ended.
    pub before: Option<i64>,
    /// No more than so many.
    pub limit: Option<u32>,
}

/// A run with its phases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHistory {
    /// The run.
    pub run: RunRow,
    /// Its phases, in the order in which they first ended.
    pub phases: Vec<PhaseTotal>,
}
