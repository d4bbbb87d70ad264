//! The trait `RollbackPolicy`: decides from a failure alone whether to take a release back.

mod circumstances;
mod decided;
mod person;
mod triggers;
mod weigh;

pub use circumstances::{BadRelease, Circumstances};
pub use decided::{DecidedBy, Decision};
pub use person::Person;
pub(crate) use person::Someone;
pub use triggers::{Consequence, TriggerRow, Triggers};

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, FaultKind};
use crate::finding::{Finding, Severity};
use crate::phase::Phase;
use crate::report::Report;
use crate::trigger::Trigger;

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
    /// Restore what was, leave what is, or ask a person.
    fn decide(&self, failure: &Failure) -> Decision;

    /// Why it decides so about this failure, in words that can follow a colon, where that is more than its
    /// plain rule. Default: there is nothing to add.
    fn reason(&self, failure: &Failure) -> Option<String> {
        let _ = failure;
        None
    }

    /// What a verifier's answer comes to, before it becomes an event or a failure. Default: what it says.
    fn weigh(&self, report: Report) -> Report {
        report
    }

    /// What it does about each trigger, for a plan. Default: it has no table.
    fn rows(&self) -> Vec<TriggerRow> {
        Vec::new()
    }

    /// What a person should know of it before a run starts. Default: nothing.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
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

impl Failure {
    /// The triggers behind it, each once: those that its findings and its fault name, and
    /// [`Trigger::Inconclusive`] where nobody could tell. None where somebody stopped the run, or where
    /// whoever said no has named none.
    #[must_use]
    pub fn triggers(&self) -> Vec<Trigger> {
        match &self.cause {
            Cause::Refused(found) => {
                let errors = found.iter().filter(|it| it.severity == Severity::Error);
                let named = errors.filter_map(|it| Trigger::named(it.rule.as_deref()?));
                let mut named: Vec<Trigger> = named.collect();
                named.sort_unstable();
                named.dedup();
                named
            }
            Cause::Inconclusive(_) => vec![Trigger::Inconclusive],
            Cause::Fault(fault) => match (fault.named_trigger(), self.phase) {
                (Some(trigger), _) => vec![trigger],
                (None, Phase::Verify) => vec![Trigger::Inconclusive],
                (None, _) => Vec::new(),
            },
            Cause::Interrupted => Vec::new(),
        }
    }
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
