//! A rollback policy: the less error budget is left this month, the sooner a release goes back.
//!
//! A policy is pure. How much budget is left is found out by whoever makes it, before the run; from then on the same failure has
//! the same answer, so a plan can show it, and a table can test it.

use pipeline_core::{
    Consequence, Decision, Failure, Report, RollbackPolicy, Trigger, TriggerRow, Triggers,
};

/// The policy.
#[derive(Clone, Debug)]
pub struct Budget {
    left: f64,
    table: Triggers,
}

impl Budget {
    /// Says how much of the error budget is left, from 0 to 1.
    ///
    /// * more than half: what is only slow is a person's business
    /// * less than a tenth: what would be worth an alert takes the release back
    /// * in between, and where nobody knows (`NaN`): as usual
    #[must_use]
    pub fn left(left: f64) -> Self {
        let rows: &[(Trigger, Consequence)] = match left {
            it if it > 0.5 => &[(Trigger::LatencyRollback, Consequence::Ask)],
            it if it < 0.1 => &[
                (Trigger::LatencyAlert, Consequence::Rollback),
                (Trigger::ColdStart, Consequence::Rollback),
                (Trigger::Degraded, Consequence::Rollback),
                (Trigger::Inconclusive, Consequence::Rollback),
            ],
            _ => &[],
        };
        let rows = rows.iter().map(|(when, action)| TriggerRow::new(*when, *action));
        Self { left, table: rows.fold(Triggers::default(), Triggers::row) }
    }
}

impl RollbackPolicy for Budget {
    /// The table decides, and with it the rules that no policy may break: a mixture is never left.
    fn decide(&self, failure: &Failure) -> Decision {
        self.table.decide(failure)
    }

    fn reason(&self, failure: &Failure) -> Option<String> {
        let why = self.table.reason(failure)?;
        Some(format!("{why}, with {:.0} % of the error budget left", self.left * 100.0))
    }

    /// An alert that takes a release back must come out as a refusal, or nobody would be asked.
    fn weigh(&self, report: Report) -> Report {
        self.table.weigh(report)
    }

    /// For `pipeline plan`.
    fn rows(&self) -> Vec<TriggerRow> {
        self.table.rows()
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.table.warnings();
        if self.left < 0.1 {
            warnings.push(format!("only {:.0} % of the error budget is left", self.left * 100.0));
        }
        warnings
    }
}
