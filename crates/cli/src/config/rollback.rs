//! When a release is taken back.

use std::time::Duration;

use pipeline_core::{Circumstances, Trigger, TriggerRow, Triggers};

/// When a release is taken back.
#[derive(Clone, Debug)]
pub(crate) struct Rollback {
    /// What is not as usual.
    pub(crate) rows: Vec<TriggerRow>,
    /// For so long after a rollback that nobody ordered, a deploy needs a person; zero: it never does.
    pub(crate) window: Duration,
    pub(crate) irreversible: Irreversible,
}

/// What a migration that cannot be undone does to a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Irreversible {
    /// There is none without a person.
    Block,
    /// It is told, and the rollback happens.
    Warn,
    /// Nobody looks.
    Ignore,
}

impl Rollback {
    /// From where on a trigger counts as seen, where `[[rollback.triggers]]` says so: it goes before what the
    /// verifier's own section says. `latency_alert` and `latency_rollback` are ratios to the baseline (strictly
    /// above), `health_down` is in seconds, `error_rate` is a share of requests from 0 to 1.
    pub(crate) fn above(&self, trigger: Trigger) -> Option<f64> {
        self.rows.iter().find(|it| it.when == trigger)?.above
    }

    /// The policy of a run.
    pub(crate) fn policy(&self, circumstances: Circumstances) -> Triggers {
        self.rows.iter().fold(Triggers::default(), |it, row| it.row(*row)).under(circumstances)
    }
}
