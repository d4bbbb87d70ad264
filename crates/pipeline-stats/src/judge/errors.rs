//! Failed requests: is the release failing more than it did, and more than it may?

use crate::binomial;

/// How many requests failed, timeouts among them, of how many that were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// That failed.
    pub failed: u64,
    /// That were sent.
    pub total: u64,
}

/// Limits of the failure rate. All are shares of 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorRules {
    /// What may fail whatever the control did: 5 %.
    pub limit: f64,
    /// How many times the control's own failure rate may fail: 3.
    pub factor: f64,
    /// How sure it must be that more do: 99.9 %.
    pub confidence: f64,
    /// How sure it must be that the control's rate is not higher than taken: 95 %.
    pub control_confidence: f64,
}

/// What the failures come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCall {
    /// No more failed than may.
    Pass,
    /// More failed than the limit, and than three times as often as the control did; but so few, or compared with so
    /// few, that it may be chance.
    Unproven,
    /// More fail than may, and not by chance.
    Rollback,
    /// Nothing was sent.
    Unknown,
}

/// However badly the control did, a release may not fail more often than this. Our own choice: a control of which one machine
/// in three is broken would else allow everything.
const MOST: f64 = 0.5;

/// A call and the numbers behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorOpinion {
    /// What the failures come to.
    pub call: ErrorCall,
    /// The share that failed; 0 if nothing was sent.
    pub rate: f64,
    /// What the true failure rate is not below.
    pub low: f64,
    /// What may fail: the limit, or the factor times what the control's failure rate is not above.
    pub allowed: f64,
}

impl Default for ErrorRules {
    fn default() -> Self {
        Self { limit: 0.05, factor: 3.0, confidence: 0.999, control_confidence: 0.95 }
    }
}

impl Counts {
    /// The share that failed; 0 of nothing.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn rate(self) -> f64 {
        self.failed.min(self.total) as f64 / self.total.max(1) as f64
    }
}

/// Are more requests failing than may?
///
/// The release fails if the lower Clopper-Pearson bound of its failure rate lies above the limit and above
/// three times the control's upper bound. Each bound is one-sided. With a control of 179 or more requests without a
/// failure that takes 8 of 40, 10 of 60 or 14 of 100. Without a control the limit alone counts.
#[must_use]
pub fn errors(control: Counts, new: Counts, rules: &ErrorRules) -> ErrorOpinion {
    let (low, _) = binomial::bounds(new.failed, new.total, 1.0 - rules.confidence);
    let allowed = match control.total {
        0 => rules.limit,
        total => {
            let tail = 1.0 - rules.control_confidence;
            let (_, highest) = binomial::bounds(control.failed, total, tail);
            rules.limit.max((rules.factor * highest).min(MOST))
        }
    };
    // How sure the control is matters for a rollback alone: a small one is no reason to pass over failures.
    let (rate, suspicious) = (new.rate(), rules.limit.max(rules.factor * control.rate()));
    let call = match new.total {
        0 => ErrorCall::Unknown,
        _ if low > allowed => ErrorCall::Rollback,
        _ if rate > suspicious => ErrorCall::Unproven,
        _ => ErrorCall::Pass,
    };
    ErrorOpinion { call, rate, low, allowed }
}
