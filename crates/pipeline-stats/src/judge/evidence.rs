//! What two samples say about one part of the requests.

use super::look::Part;
use super::rules::Rules;
use crate::hodges_lehmann::{self, Estimate};
use crate::latency::Latencies;
use crate::{normal, quantile};

/// The chance that the bound of an alert, or of a confirmation, may be wrong: nobody is rolled back by it alone.
pub(crate) const PLAIN: f64 = 0.01;

/// What is known about the typical requests, or about the slow ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    pub(crate) part: Part,
    /// With the bounds that the error budget affords.
    pub(crate) budget: Estimate,
    /// With bounds at a plain 99 %. `None` where the ratio is too low for an alert.
    pub(crate) plain: Option<Estimate>,
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
        let plain = (budget.ratio >= rules.alert)
            .then(|| hodges_lehmann::with_bounds(budget.ratio, (control, new), PLAIN));
        let cut = new.timed_out() > 0;
        let (control_ms, ms) = (control.median_ms(), new.median_ms());
        let evidence = Self {
            part: Part::Body,
            budget,
            plain,
            at_most: if cut { hodges_lehmann::at_most(control, new) } else { budget.ratio },
            control_ms,
            ms,
            ms_at_most: if cut { quantile::interpolated(&new.at_most(), 0.5) } else { ms },
        };
        evidence.widened(rules)
    }

    /// About the slow requests: the ratio of the 90th percentiles. `None` for too few.
    pub(crate) fn tail(control: &Latencies, new: &Latencies, rules: &Rules) -> Option<Self> {
        let budget = quantile::estimate(control, new, rules.tail())?;
        let plain = (budget.ratio >= rules.alert)
            .then(|| quantile::estimate(control, new, PLAIN))
            .flatten();
        let (at_most, ms_at_most) = quantile::at_most(control, new);
        let evidence = Self {
            part: Part::Tail,
            budget,
            plain,
            at_most,
            control_ms: control.p90_ms(),
            ms: new.p90_ms(),
            ms_at_most,
        };
        Some(evidence.widened(rules))
    }

    /// Is it seen to be `limit` times as slow, and by enough to matter?
    pub(crate) fn reaches(&self, limit: f64, rules: &Rules) -> bool {
        self.budget.ratio >= limit && self.ms - self.control_ms >= rules.floor_ms
    }

    /// Could it be, had the timeouts lasted for ever?
    pub(crate) fn may_reach(&self, limit: f64, rules: &Rules) -> bool {
        self.at_most >= limit && self.ms_at_most - self.control_ms >= rules.floor_ms
    }

    /// Is it sure to stay below `limit`, or to matter to nobody?
    pub(crate) fn stays_below(&self, limit: f64, rules: &Rules) -> bool {
        let high = self.budget.high;
        high < limit || self.control_ms * (high - 1.0) < rules.floor_ms
    }

    /// The level of a run wanders from one to the next, and so does that of two runs from one another.
    fn widened(mut self, rules: &Rules) -> Self {
        let wider = |it: Estimate, tail: f64| {
            let low = widened(it, normal::upper(tail), rules.drift);
            Estimate { low, ..it }
        };
        self.budget = wider(self.budget, rules.tail());
        self.plain = self.plain.map(|it| wider(it, PLAIN));
        self
    }
}

/// The lower bound, at √(h² + z² · 2 drift²) from the ratio instead of h, on a log scale.
fn widened(estimate: Estimate, z: f64, drift: f64) -> f64 {
    let Estimate { ratio, low, .. } = estimate;
    if drift <= 0.0 || low <= 0.0 {
        return low;
    }
    let half = (ratio / low).ln();
    ratio * (-half.hypot(z * std::f64::consts::SQRT_2 * drift)).exp()
}
