//! Where a run is, and what may follow what: the state machine, pure.
//!
//! A state is never stored, always folded from records; resuming is folding the records read back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::deployer::{Snapshot, Stage};
use crate::deployment::Deployment;
use crate::finding::Evidence;
use crate::journal::Record;
use crate::policy::{Decision, Failure};
use crate::release::Artifact;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The new release serves, verified.
    Succeeded,
    /// Nothing was touched.
    Rejected,
    /// The old release serves, verified.
    RolledBack,
    /// The target was left as it is: the policy said so, or only the tidying up failed.
    Left,
    /// Neither forward nor back: a person is needed now.
    Stuck,
}

/// What a run goes by once it has looked at the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The target's name.
    pub target: String,
    /// What it brings.
    pub artifact: Artifact,
    /// How the target was.
    pub snapshot: Snapshot,
    /// The way there.
    pub stages: Vec<Stage>,
    /// What each verifier measured before, by its name.
    pub baselines: BTreeMap<String, Evidence>,
}

/// Where a run is.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// The gates have not passed yet.
    Checking,
    /// There is no artifact yet.
    Building,
    /// The target has not been looked at yet.
    Looking(Artifact),
    /// The stage with this index is not reached yet.
    Deploying(Box<Course>, usize),
    /// The stage with this index is reached and not verified yet.
    Verifying(Box<Course>, usize, Deployment),
    /// All is verified; the last stage, with this index, only tidies up.
    Settling(Box<Course>, usize),
    /// Something failed and nobody has decided yet.
    Deciding(Box<Course>, Failure),
    /// On the way back.
    Restoring(Box<Course>),
    /// Back, and not verified yet.
    VerifyingRestore(Box<Course>, Deployment),
    /// Neither forward nor back: over, until a person has mended what is wrong and resumes it.
    Stuck(Box<Course>),
    /// Over.
    Finished(Conclusion),
}

/// The one thing that a state asks for.
#[derive(Debug)]
pub enum Action<'a> {
    /// Ask the gates.
    CheckGates,
    /// Build the artifact.
    Build,
    /// Take the snapshot, choose the stages, measure the baselines.
    Look(&'a Artifact),
    /// Do this stage.
    Advance(&'a Course, &'a Stage),
    /// Verify what a stage made.
    Verify(&'a Course, Made<'a>),
    /// Ask the policy.
    Decide(&'a Failure),
    /// Make the target what it was.
    Restore(&'a Course),
    /// Verify that it is.
    VerifyRestore(&'a Course, &'a Deployment),
    /// Nothing: it is over.
    Stop(Conclusion),
}

/// What a stage made, for its verifiers.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// What runs now.
    pub deployment: &'a Deployment,
    /// Is the target wholly on the new release: does no later stage but the settling one change it?
    pub whole: bool,
}

/// A record that cannot follow.
#[derive(Clone, Debug, Error, PartialEq)]
#[error(
    "the record `{record}` cannot follow while the run is {state}; the journal is damaged or from another version"
)]
pub struct IllegalRecord {
    /// Where the run was.
    pub state: &'static str,
    /// What came.
    pub record: &'static str,
}

impl State {
    /// Folds records from the beginning.
    pub fn replay<'a>(
        records: impl IntoIterator<Item = &'a Record>,
    ) -> Result<Self, IllegalRecord> {
        records.into_iter().try_fold(Self::Checking, Self::apply)
    }

    /// The state in which an interrupted run goes on. Before anything was touched that is the beginning:
    /// an old yes of a gate is worth nothing. A stuck run tries its way back again.
    #[must_use]
    pub fn resumed(self) -> Self {
        match self {
            Self::Building | Self::Looking(_) => Self::Checking,
            Self::Stuck(course) => Self::Restoring(course),
            other => other,
        }
    }

    /// Folds one record. Every legal pair stands here; everything else is refused with both sides named.
    #[expect(clippy::too_many_lines, reason = "it only dispatches: all legal pairs in one place")]
    pub fn apply(self, record: &Record) -> Result<Self, IllegalRecord> {
        use Record as R;
        Ok(match (self, record.clone()) {
            // A resumed run asks the gates again, so that yes may come twice before anything is touched.
            (Self::Checking | Self::Building | Self::Looking(_), R::GatesPassed) => Self::Building,
            (Self::Checking | Self::Building | Self::Looking(_), R::Rejected { .. }) => {
                Self::Finished(Conclusion::Rejected)
            }
            (Self::Building, R::Built { artifact }) => Self::Looking(artifact),
            (Self::Looking(artifact), R::SnapshotTaken { target, snapshot, stages, baselines }) => {
                let course = Course { target, artifact, snapshot, stages, baselines };
                stage_after(Box::new(course), None)
            }
            (Self::Deploying(course, stage), R::StageReached { .. })
                if course.stages[stage].prepares =>
            {
                stage_after(course, Some(stage))
            }
            (Self::Deploying(course, stage), R::StageReached { deployment }) => {
                Self::Verifying(course, stage, deployment)
            }
            (Self::Verifying(course, stage, _), R::StageVerified) => {
                stage_after(course, Some(stage))
            }
            (Self::Settling(..), R::Settled { .. }) => Self::Finished(Conclusion::Succeeded),
            (Self::Settling(..), R::Failed { .. }) => Self::Finished(Conclusion::Left),
            (Self::Deploying(course, _) | Self::Verifying(course, ..), R::Failed { failure }) => {
                Self::Deciding(course, failure)
            }
            (Self::Deciding(course, _), R::Decided { decision: Decision::Restore, .. }) => {
                Self::Restoring(course)
            }
            (Self::Deciding(..), R::Decided { decision: Decision::Leave, .. }) => {
                Self::Finished(Conclusion::Left)
            }
            // Somebody has mended what was wrong and goes on.
            (Self::Restoring(course) | Self::Stuck(course), R::Restored { deployment }) => {
                Self::VerifyingRestore(course, deployment)
            }
            (Self::VerifyingRestore(..), R::RestoreVerified) => {
                Self::Finished(Conclusion::RolledBack)
            }
            (
                Self::Restoring(course) | Self::VerifyingRestore(course, _) | Self::Stuck(course),
                R::RestoreFailed { .. },
            ) => Self::Stuck(course),
            (state, record) => {
                return Err(IllegalRecord { state: state.name(), record: record.name() });
            }
        })
    }

    /// What the engine does now.
    #[must_use]
    pub fn next(&self) -> Action<'_> {
        match self {
            Self::Checking => Action::CheckGates,
            Self::Building => Action::Build,
            Self::Looking(artifact) => Action::Look(artifact),
            Self::Deploying(course, stage) | Self::Settling(course, stage) => {
                Action::Advance(course, &course.stages[*stage])
            }
            Self::Verifying(course, stage, deployment) => {
                let whole = course.stages[stage + 1..].iter().all(|stage| stage.settles);
                Action::Verify(course, Made { deployment, whole })
            }
            Self::Deciding(_, failure) => Action::Decide(failure),
            Self::Restoring(course) => Action::Restore(course),
            Self::VerifyingRestore(course, deployment) => Action::VerifyRestore(course, deployment),
            Self::Stuck(_) => Action::Stop(Conclusion::Stuck),
            Self::Finished(conclusion) => Action::Stop(*conclusion),
        }
    }

    /// May the target differ from what it was?
    #[must_use]
    pub fn touched(&self) -> bool {
        !matches!(
            self,
            Self::Checking
                | Self::Building
                | Self::Looking(_)
                | Self::Finished(Conclusion::Rejected)
        )
    }

    /// The target it is bound to, once it has looked at one.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Deploying(course, _)
            | Self::Verifying(course, ..)
            | Self::Settling(course, _)
            | Self::Deciding(course, _)
            | Self::Restoring(course)
            | Self::Stuck(course)
            | Self::VerifyingRestore(course, _) => Some(&course.target),
            _ => None,
        }
    }

    /// May the run still be taken back (`resume --back`)?
    #[must_use]
    pub fn can_turn_back(&self) -> bool {
        matches!(self, Self::Deploying(..) | Self::Verifying(..) | Self::Deciding(..))
    }

    /// Where the run is, in words.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Checking => "checking gates",
            Self::Building => "building",
            Self::Looking(_) => "looking at the target",
            Self::Deploying(..) => "deploying",
            Self::Verifying(..) => "verifying",
            Self::Settling(..) => "settling",
            Self::Deciding(..) => "deciding",
            Self::Restoring(_) => "restoring",
            Self::VerifyingRestore(..) => "verifying what was restored",
            Self::Stuck(_) => "stuck",
            Self::Finished(_) => "finished",
        }
    }
}

/// Where a run is after the stage `done` is verified: at the next stage, or over.
fn stage_after(course: Box<Course>, done: Option<usize>) -> State {
    let next = done.map_or(0, |done| done + 1);
    match course.stages.get(next) {
        Some(stage) if stage.settles => State::Settling(course, next),
        Some(_) => State::Deploying(course, next),
        None => State::Finished(Conclusion::Succeeded),
    }
}
