//! The trait `RollbackPolicy`: decides from a failure alone whether to take a release back.

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, FaultKind};
use crate::finding::Finding;
use crate::phase::Phase;

/// Decides from the failure alone: no I/O, no clock, so the same failure always gets the same answer and
/// a plan can show it.
///
/// Closures are policies too:
///
/// ```
/// use pipeline_core::{Decision, Failure, Phase, RollbackPolicy};
///
/// let policy = |failure: &Failure| match failure.phase {
///     Phase::Verify if failure.step == "slow-probe" => Decision::Leave,
///     _ => Decision::Restore,
/// };
/// # let _: &dyn RollbackPolicy = &policy;
/// ```
pub trait RollbackPolicy: Send + Sync {
    /// Restore what was, or leave what is.
    fn decide(&self, failure: &Failure) -> Decision;
}

impl<F: Fn(&Failure) -> Decision + Send + Sync> RollbackPolicy for F {
    fn decide(&self, failure: &Failure) -> Decision {
        self(failure)
    }
}

/// What stopped a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Where in the run.
    pub phase: Phase,
    /// The gate, builder, stage or verifier.
    pub step: String,
    /// Why.
    pub cause: Cause,
    /// Is the target wholly on the new release? If not, leaving it leaves a mixture.
    pub whole: bool,
    /// Was nothing that serves changed yet? Then going back only makes sure of that: what a preparing stage,
    /// such as a migration, did before it failed is not undone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untouched: bool,
}

/// Why a step stopped the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It said no.
    Refused(Vec<Finding>),
    /// It looked and could not tell.
    Inconclusive(Vec<Finding>),
    /// It could not look, or could not do its work.
    Fault(Fault),
    /// The run was asked to stop.
    Interrupted,
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        match fault.kind() {
            FaultKind::Cancelled => Self::Interrupted,
            _ => Self::Fault(fault),
        }
    }
}

/// What is done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Make the target what it was.
    Restore,
    /// Leave the target as it is, and say so.
    Leave,
}

/// The default. Restores after every failure but one: where the new release is wholly in place and the
/// verifier could not tell, it stays, because not being able to look is no proof of harm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreUnlessBlind;

impl RollbackPolicy for RestoreUnlessBlind {
    fn decide(&self, failure: &Failure) -> Decision {
        match (failure.phase, &failure.cause) {
            (Phase::Verify, Cause::Fault(_) | Cause::Inconclusive(_)) if failure.whole => {
                Decision::Leave
            }
            _ => Decision::Restore,
        }
    }
}

/// Restores after every failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreAlways;

impl RollbackPolicy for RestoreAlways {
    fn decide(&self, _failure: &Failure) -> Decision {
        Decision::Restore
    }
}

/// Leaves everything as it is: for targets where a person decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaveAlways;

impl RollbackPolicy for LeaveAlways {
    fn decide(&self, _failure: &Failure) -> Decision {
        Decision::Leave
    }
}
