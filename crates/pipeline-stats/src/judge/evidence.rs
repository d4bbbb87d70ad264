//! What two samples say about one part of the requests.

use super::look::Part;
use super::rules::Rules;
use crate::hodges_lehmann::{self, Estimate};
use crate::latency::Latencies;
use crate::{normal, quantile};

/// The chance that drift, or the bound of a confirmation, misleads: nobody is rolled back by either alone.
pub(crate) const PLAIN: f64 = 0.01;

/// What is known about the typical requests, or about the slow ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    pub(crate) part: Part,
    /// With the bounds that a rollback or a pass rests on: what the error budget affords, the lower one widened.
    pub(crate) budget: Estimate,
    /// The lower bound that an alert rests on: what the error budget affords, and at a plain 99 % once widened.
    pub(crate) alert_low: f64,
    /// The ratio had the new timeouts lasted for ever.
    pub(crate) at_most: f64,
    /// What stands for this part on the control's side.
    pub(crate) control_ms: f64,
    pub(crate) ms: f64,
    pub(crate) ms_at_most: f64,
}

impl Evidence {
    /// About the typical requests: the Hodges-Lehmann ratio.
    pub(crate) fn body(control: &Latencies, new: &Latencies, rules: &Rules) -> Self {
        let budget = hodges_lehmann::estimate(control, new, rules.tail());
        let plain = || hodges_lehmann::with_bounds(budget.ratio, (control, new), PLAIN);
        let cut = new.timed_out() > 0;
        let (control_ms, ms) = (control.median_ms(), new.median_ms());
        Self {
            part: Part::Body,
            budget: widened(budget, rules.tail(), rules.drift),
            alert_low: alert_low(budget, plain, rules),
            at_most: if cut { hodges_lehmann::at_most(control, new) } else { budget.ratio },
            control_ms,
            ms,
            ms_at_most: if cut { quantile::interpolated(&new.at_most(), 0.5) } else { ms },
        }
    }

    /// About the slow requests: the ratio of the 90th percentiles. `None` for too few.
    pub(crate) fn tail(control: &Latencies, new: &Latencies, rules: &Rules) -> Option<Self> {
        let budget = quantile::estimate(control, new, rules.tail())?;
        let plain = || quantile::estimate(control, new, PLAIN).unwrap_or(budget);
        let (at_most, ms_at_most) = quantile::at_most(control, new);
        Some(Self {
            part: Part::Tail,
            budget: widened(budget, rules.tail(), rules.drift),
            alert_low: alert_low(budget, plain, rules),
            at_most,
            control_ms: control.p90_ms(),
            ms: new.p90_ms(),
            ms_at_most,
        })
    }

    /// Is it seen to be more than `limit` times as slow, and by enough to matter?
    pub(crate) fn exceeds(&self, limit: f64, rules: &Rules) -> bool {
        self.budget.ratio > limit && self.ms - self.control_ms >= rules.floor_ms
    }

    /// Could it be, had the timeouts lasted for ever?
    pub(crate) fn may_exceed(&self, limit: f64, rules: &Rules) -> bool {
        self.at_most > limit && self.ms_at_most - self.control_ms >= rules.floor_ms
    }

    /// Is it sure to stay below `limit`, or to matter to nobody?
    pub(crate) fn stays_below(&self, limit: f64, rules: &Rules) -> bool {
        let high = self.budget.high;
        high < limit || self.control_ms * (high - 1.0) < rules.floor_ms
    }
}

/// The level of a run wanders from one to the next, and so does that of two runs from one another: the lower
/// bound goes to √(h² + z² · 2 drift²) from the ratio instead of h, on a log scale.
fn widened(estimate: Estimate, tail: f64, drift: f64) -> Estimate {
    let Estimate { ratio, low, .. } = estimate;
    if drift <= 0.0 || low <= 0.0 {
        return estimate;
    }
    let half = (ratio / low).ln();
    let wider = half.hypot(normal::upper(tail) * std::f64::consts::SQRT_2 * drift);
    Estimate { low: ratio * (-wider).exp(), ..estimate }
}

/// An alert must not be chance, within the error budget, and not drift, at a plain 99 %. Were it held to the
/// budget for both, half of the releases three times as slow would be inconclusive.
fn alert_low(budget: Estimate, plain: impl Fn() -> Estimate, rules: &Rules) -> f64 {
    if rules.drift <= 0.0 || budget.ratio < rules.alert {
        return budget.low;
    }
    budget.low.min(widened(plain(), PLAIN, rules.drift).low)
}
