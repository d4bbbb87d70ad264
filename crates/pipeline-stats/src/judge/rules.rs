//! Limits, looks and the error budget.

use thiserror::Error;

/// Limits, looks and error budget. All latencies are milliseconds, all ratios new over control.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// From which ratio on someone should know.
    pub alert: f64,
    /// From which ratio on the release should go back.
    pub rollback: f64,
    /// A smaller increase of the median (of p90) counts for nothing, whatever the ratio: 1 ms to 5 ms hurts nobody.
    pub floor_ms: f64,
    /// How likely a bound may be wrong somewhere in the whole deploy. It is split evenly over looks and strata.
    pub alpha: f64,
    /// Over how many strata (endpoints, or endpoints × machines) `alpha` is split.
    pub strata: usize,
    /// After how many new latencies to look, ascending.
    pub looks: Vec<usize>,
    /// How far ln(median) wanders between healthy runs ([`drift`](crate::drift)): 0 with a control taken at the
    /// same time, 0.15 without a history. It widens the lower bounds only.
    pub drift: f64,
}

/// Rules that cannot be followed. Each names the key that is wrong.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum BadRules {
    /// An alert that every release would cause.
    #[error("`alert` is {0}; it must be a ratio above 1, such as 2.0")]
    Alert(f64),
    /// A rollback before the alert.
    #[error("`rollback` is {rollback}; it must be a ratio above `alert` = {alert}, such as 5.0")]
    Rollback {
        /// `rollback`.
        rollback: f64,
        /// `alert`.
        alert: f64,
    },
    /// A floor that is none.
    #[error("`floor_ms` is {0}; it must be 0 or more milliseconds")]
    Floor(f64),
    /// A probability that is none.
    #[error("`alpha` is {0}; it must be a probability above 0 and at most 0.5, such as 0.001")]
    Alpha(f64),
    /// Nothing to split the budget over.
    #[error("`strata` is 0; it must be the number of endpoints that are judged")]
    Strata,
    /// Looks that are no sequence.
    #[error("`looks` is {0:?}; it must name at least one number of requests, each above the last")]
    Looks(Vec<usize>),
    /// A spread that is none.
    #[error("`drift` is {0}; it must be 0 or more, such as 0.15")]
    Drift(f64),
}

impl Default for Rules {
    /// Alert at 2, rollback at 5, 10 ms, one in a thousand for one stratum, looks at 40, 100, 200 and 400, and
    /// the drift of a control that was not taken at the same time and has no history, 0.15.
    fn default() -> Self {
        Self {
            alert: 2.0,
            rollback: 5.0,
            floor_ms: 10.0,
            alpha: 0.001,
            strata: 1,
            looks: vec![40, 100, 200, 400],
            drift: 0.15,
        }
    }
}

impl Rules {
    /// Refuses what could never decide, and what would always.
    pub fn check(&self) -> Result<(), BadRules> {
        let (alert, rollback) = (self.alert, self.rollback);
        if !(alert.is_finite() && alert > 1.0) {
            return Err(BadRules::Alert(alert));
        }
        if !(rollback.is_finite() && rollback > alert) {
            return Err(BadRules::Rollback { rollback, alert });
        }
        if !(self.floor_ms.is_finite() && self.floor_ms >= 0.0) {
            return Err(BadRules::Floor(self.floor_ms));
        }
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return Err(BadRules::Alpha(self.alpha));
        }
        if self.strata == 0 {
            return Err(BadRules::Strata);
        }
        let ascending = self.looks.is_sorted_by(|one, next| one < next);
        if self.looks.first().is_none_or(|first| *first == 0) || !ascending {
            return Err(BadRules::Looks(self.looks.clone()));
        }
        if !(self.drift.is_finite() && self.drift >= 0.0) {
            return Err(BadRules::Drift(self.drift));
        }
        Ok(())
    }

    /// Is there no look after this one?
    pub(crate) fn is_last(&self, look: usize) -> bool {
        look + 1 >= self.looks.len()
    }

    /// How many latencies each side needs before anything is said.
    pub(crate) fn least(&self) -> usize {
        self.looks.first().copied().unwrap_or(1).max(1)
    }

    /// The chance that one bound may be wrong at one look of one stratum.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn tail(&self) -> f64 {
        self.alpha / (self.looks.len().max(1) as f64 * self.strata.max(1) as f64)
    }

    /// What stands for `five` where the rollback limit is not 5: as far between it and 1, on a log scale.
    pub(crate) fn for_rollback(&self, five: f64) -> f64 {
        five.powf(self.rollback.ln() / 5.0_f64.ln())
    }

    /// The same for the alert limit, where `two` is for 2.
    pub(crate) fn for_alert(&self, two: f64) -> f64 {
        two.powf(self.alert.ln() / 2.0_f64.ln())
    }
}
