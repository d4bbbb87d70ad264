//! The built-in policy: a table from what was seen to what is done about it. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::weigh::weigh;
use super::{Cause, Circumstances, Decision, Failure, RollbackPolicy};
use crate::report::Report;
use crate::trigger::Trigger;

/// What is done when a trigger is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// The release is taken back.
    Rollback,
    /// The release passes, and people are told.
    Alert,
    /// A person is asked.
    Ask,
    /// The release passes; the report says that it was ignored.
    Ignore,
}

impl Consequence {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rollback, Self::Alert, Self::Ask, Self::Ignore];

    /// Its name, as it stands in configurations and plans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Alert => "alert",
            Self::Ask => "ask",
            Self::Ignore => "ignore",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriggerRow {
    /// What was seen.
    #[serde(rename = "trigger")]
    pub when: Trigger,
    /// From where on it counts as seen, in the trigger's own unit, where the table says so. A verifier keeps
    /// to that, not the policy.
    #[serde(rename = "threshold")]
    pub above: Option<f64>,
    /// What is done about it.
    pub action: Consequence,
}

impl TriggerRow {
    /// A row that leaves the threshold to the verifier.
    #[must_use]
    pub fn new(when: Trigger, action: Consequence) -> Self {
        Self { when, above: None, action }
    }
}

/// The table, one row a trigger, together with the circumstances of a run that go before it:
///
/// 1. What is not wholly in place is taken back, whatever the table says: a mixture is never left.
/// 2. A rollback that does not pass is left: it must not start another one.
/// 3. Nothing goes back by itself over what cannot be undone, such as a migration.
/// 4. Nothing goes back by itself to a release that is marked bad: a person is asked.
/// 5. What was interrupted is taken back.
/// 6. Of several triggers the gravest action counts: rollback, then ask. Where a fault leaves nothing to
///    alert of or to ignore, the release is left. What names no trigger is taken back.
///
/// ```
/// use pipeline_core::{Consequence, Trigger, TriggerRow, Triggers};
///
/// let policy = Triggers::default().row(TriggerRow::new(Trigger::Journey, Consequence::Ask));
/// assert_eq!(policy.action(Trigger::Journey), Consequence::Ask);
/// assert_eq!(policy.action(Trigger::Smoke), Consequence::Rollback);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triggers {
    /// Those that are not as usual.
    rows: BTreeMap<Trigger, TriggerRow>,
    circumstances: Circumstances,
}

impl Triggers {
    /// Sets the row of a trigger.
    #[must_use]
    pub fn row(mut self, row: TriggerRow) -> Self {
        self.rows.insert(row.when, row);
        self
    }

    /// Says under which circumstances the run starts.
    #[must_use]
    pub fn under(self, circumstances: Circumstances) -> Self {
        Self { circumstances, ..self }
    }

    /// What is done when this is seen.
    #[must_use]
    pub fn action(&self, trigger: Trigger) -> Consequence {
        self.rows.get(&trigger).map_or(usual(trigger), |row| row.action)
    }

    /// The decision, and why, where that is more than the table says.
    fn judge(&self, failure: &Failure) -> (Decision, Option<String>) {
        let Circumstances { rolls_back, back_to_bad, .. } = &self.circumstances;
        if !failure.whole {
            return (Decision::Restore, None);
        }
        if *rolls_back {
            let why = "it was a rollback itself, and one rollback does not start another";
            return (Decision::Leave, Some(why.into()));
        }
        if let Some(what) = self.circumstances.cannot_be_undone() {
            let why =
                format!("{what}, so the release before would run on data that it does not know");
            return (Decision::Leave, Some(why));
        }
        if let Some(bad) = back_to_bad {
            let why = format!("{}, the release before, is marked bad: {}", bad.version, bad.why);
            return (Decision::Ask, Some(why));
        }
        self.look_up(failure)
    }

    /// What the table says.
    fn look_up(&self, failure: &Failure) -> (Decision, Option<String>) {
        let triggers = failure.triggers();
        let with = |action| triggers.iter().find(|it| self.action(**it) == action);
        if failure.cause == Cause::Interrupted || triggers.is_empty() {
            return (Decision::Restore, None);
        }
        if with(Consequence::Rollback).is_some() {
            return (Decision::Restore, None);
        }
        if let Some(trigger) = with(Consequence::Ask) {
            return (Decision::Ask, Some(format!("the policy says `{trigger}` = \"ask\"")));
        }
        let (trigger, action) = (triggers[0], self.action(triggers[0]).as_str());
        (Decision::Leave, Some(format!("the policy says `{trigger}` = \"{action}\"")))
    }
}

impl RollbackPolicy for Triggers {
    fn decide(&self, failure: &Failure) -> Decision {
        self.judge(failure).0
    }

    fn reason(&self, failure: &Failure) -> Option<String> {
        self.judge(failure).1
    }

    fn weigh(&self, report: Report) -> Report {
        weigh(report, |trigger| (self.action(trigger), usual(trigger)))
    }

    fn rows(&self) -> Vec<TriggerRow> {
        let row =
            |when| self.rows.get(&when).copied().unwrap_or(TriggerRow::new(when, usual(when)));
        Trigger::ALL.into_iter().map(row).collect()
    }

    fn warnings(&self) -> Vec<String> {
        self.circumstances.warnings()
    }
}

/// What is done where nobody has said otherwise. Not being able to tell is no proof of harm, and none of
/// health: that is for a person.
pub(super) fn usual(trigger: Trigger) -> Consequence {
    match trigger {
        Trigger::Smoke
        | Trigger::LatencyRollback
        | Trigger::Journey
        | Trigger::HealthDown
        | Trigger::ErrorRate
        | Trigger::Database
        | Trigger::UnhealthyMachine
        | Trigger::ReleaseCommand => Consequence::Rollback,
        Trigger::LatencyAlert | Trigger::ColdStart | Trigger::Degraded => Consequence::Alert,
        Trigger::Inconclusive => Consequence::Ask,
    }
}

#[cfg(test)]
#[path = "triggers_tests.rs"]
mod tests;
