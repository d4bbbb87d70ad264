//! The facts of a run, and the trait `Journal` that keeps them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::deployer::{Snapshot, Stage};
use crate::deployment::Deployment;
use crate::fault::Fault;
use crate::finding::Evidence;
use crate::policy::{DecidedBy, Decision, Failure};
use crate::release::Artifact;

/// A fact about a run, durable before the next action starts.
///
/// A run is the fold of its records and nothing else. Intent needs no record: after each of these there is
/// exactly one thing to do, and doing it twice is harmless.
///
/// ```
/// use pipeline_core::{Artifact, Record, State};
///
/// let records = [Record::GatesPassed, Record::Built { artifact: Artifact::new("shop:v2") }];
/// let state = State::replay(&records)?;
/// assert!(!state.touched(), "the target was not even looked at");
/// assert!(State::replay(&[Record::StageVerified]).is_err(), "no stage was reached");
/// # Ok::<(), pipeline_core::IllegalRecord>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// All gates that must pass have passed.
    GatesPassed,
    /// Something said no, or could not tell, before anything was touched.
    Rejected {
        /// All that did.
        failures: Vec<Failure>,
    },
    /// The artifact is there.
    Built {
        /// It.
        artifact: Artifact,
    },
    /// The target was looked at and the way was chosen. From here on the target may differ.
    SnapshotTaken {
        /// The target's name; the run is never resumed against another one.
        target: String,
        /// How the target was.
        snapshot: Snapshot,
        /// The way.
        stages: Vec<Stage>,
        /// What each verifier measured, by its name.
        baselines: BTreeMap<String, Evidence>,
    },
    /// What the stage makes holds.
    StageReached {
        /// What runs now.
        deployment: Deployment,
    },
    /// All verifiers let the stage pass.
    StageVerified,
    /// Something stopped the run.
    Failed {
        /// What.
        failure: Failure,
    },
    /// It was decided what is done about the failure.
    Decided {
        /// What. Never [`Decision::Ask`]: whoever was asked has answered, or has not.
        decision: Decision,
        /// Who decided.
        #[serde(default, skip_serializing_if = "DecidedBy::is_policy")]
        by: DecidedBy,
        /// Why, where there is more to say than the policy's plain rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The target is what it was.
    Restored {
        /// What runs now.
        deployment: Deployment,
    },
    /// All verifiers let the restored target pass.
    RestoreVerified,
    /// The target could not be made what it was, or does not pass as such.
    RestoreFailed {
        /// Why.
        failure: Failure,
    },
    /// What nobody used any more is gone.
    Settled {
        /// What runs now.
        deployment: Deployment,
    },
}

impl Record {
    /// A decision by the policy's plain rule.
    #[must_use]
    pub fn decided(decision: Decision) -> Self {
        Self::Decided { decision, by: DecidedBy::Policy, reason: None }
    }

    /// The record's name, for messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::GatesPassed => "gates passed",
            Self::Rejected { .. } => "rejected",
            Self::Built { .. } => "built",
            Self::SnapshotTaken { .. } => "snapshot taken",
            Self::StageReached { .. } => "stage reached",
            Self::StageVerified => "stage verified",
            Self::Failed { .. } => "failed",
            Self::Decided { .. } => "decided",
            Self::Restored { .. } => "restored",
            Self::RestoreVerified => "restore verified",
            Self::RestoreFailed { .. } => "restore failed",
            Self::Settled { .. } => "settled",
        }
    }
}

/// Keeps a run's records. The [front page](crate) has one in memory; `store-sql` has a durable one.
#[async_trait]
pub trait Journal: Send {
    /// Keeps `record`. Once this returns, it is durable. A fault stops the run where it is; a later run
    /// resumes from the records that were kept.
    async fn append(&mut self, record: &Record) -> Result<(), Fault>;
}
