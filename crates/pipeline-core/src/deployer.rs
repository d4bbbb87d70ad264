//! The trait `Deployer`: a place to deploy to, in stages, and back.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::Context;
use crate::deployment::Deployment;
use crate::fault::Fault;
use crate::state::Conclusion;

/// A place to deploy to. `advance` and `restore` converge: done again, after a crash, by this process or
/// by another one, they finish the job and do no harm where it is done already.
///
/// The [front page](crate) has a whole one; `FakeTarget` of `pipeline-testkit` is one to test with.
#[async_trait]
pub trait Deployer: Send + Sync {
    /// Names the place, for example `flyio:shop`. A run is resumed only against the same name.
    fn target(&self) -> &str;

    /// Reads all that `restore` will need. Changes nothing.
    async fn snapshot(&self, cx: &Context) -> Result<Snapshot, Fault>;

    /// Lists what [`advance`](Self::advance) would do from here, stage by stage. Changes nothing.
    ///
    /// The list is journalled and is what a resumed run goes on with, whatever the configuration says by
    /// then: all that `advance` needs is in [`Stage::data`]. In a plan `cx.artifact()` may be `None`.
    async fn stages(&self, from: &Snapshot, cx: &Context) -> Result<Vec<Stage>, Fault>;

    /// Does one stage; returns once what it made holds.
    async fn advance(
        &self,
        stage: &Stage,
        from: &Snapshot,
        cx: &Context,
    ) -> Result<Deployment, Fault>;

    /// Makes the target what it was, from whatever half-way state; returns once that holds.
    async fn restore(&self, to: &Snapshot, cx: &Context) -> Result<Deployment, Fault>;

    /// Gives back what was held for the run, such as leases, and tells the platform how it ended; `None`
    /// is an end without a conclusion, such as a journal that cannot be written. Called once at every
    /// ending; best effort.
    async fn finish(&self, ended: Option<Conclusion>, cx: &Context) {
        let _ = (ended, cx);
    }
}

/// How a target was before anything changed.
///
/// `data` is opaque on purpose: only the deployer that took it can read it. It may hold what eyes should
/// not see, so it is journalled and never told as an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What served then; `None` when nothing was there.
    pub current: Option<Deployment>,
    /// All that the deployer needs to make it so again.
    pub data: Value,
}

/// One step of a rollout. After each stage the verifiers look.
///
/// ```
/// use pipeline_core::Stage;
///
/// // A blue-green deploy is three stages.
/// let green = Stage::new("green").change("create 2 machines").data(serde_json::json!({ "count": 2 }));
/// let switch = Stage::new("switch").change("users to the new machines");
/// let settle = Stage::settle("settle").change("destroy 2 machines");
/// assert!(settle.settles && !green.settles && !switch.prepares);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name, such as `green` or `settle`.
    pub name: String,
    /// What it does, a line a change, for the plan.
    pub changes: Vec<String>,
    /// What a person should know before it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// It changes nothing that serves, such as a migration before the first machine: nothing is verified
    /// after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prepares: bool,
    /// Only the last stage may settle: it removes what nobody uses, and there is no way back from it.
    #[serde(default)]
    pub settles: bool,
    /// Whatever the deployer needs to do it, also after a crash and with another configuration.
    #[serde(default)]
    pub data: Value,
}

impl Stage {
    /// A stage that changes something and can be taken back.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            changes: Vec::new(),
            warnings: Vec::new(),
            prepares: false,
            settles: false,
            data: Value::Null,
        }
    }

    /// A stage that changes nothing that serves.
    pub fn prepare(name: impl Into<String>) -> Self {
        Self { prepares: true, ..Self::new(name) }
    }

    /// A last stage that removes what nobody uses any more.
    pub fn settle(name: impl Into<String>) -> Self {
        Self { settles: true, ..Self::new(name) }
    }

    /// Adds a line to the plan.
    #[must_use]
    pub fn change(mut self, change: impl Into<String>) -> Self {
        self.changes.push(change.into());
        self
    }

    /// Adds what a person should know before it starts.
    #[must_use]
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// Adds what the deployer needs to do it.
    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}
