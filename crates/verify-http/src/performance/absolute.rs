//! Latencies against a number that somebody set: by the median alone, strictly. Pure.
//!
//! The median lies above a limit if more than half of the requests do, and surely so if the lower Clopper-Pearson
//! bound of their share is above a half. No tail: the 90th percentile of a healthy endpoint is easily twice its median.

use pipeline_stats::{
    Call, Confirmation, Estimate, Latencies, Opinion, Part, Rules, clopper_pearson,
};

use super::quantile::{median, quantile};

/// The bound of an alert, which rolls nobody back, and of a confirmation.
const PLAIN: f64 = 0.01;

/// What a look at a sample comes to.
struct Sample<'a> {
    ms: Vec<f64>,
    baseline: f64,
    rules: &'a Rules,
}

/// One look, with the meaning of [`pipeline_stats::look`].
pub(super) fn look(baseline_ms: f64, new: &Latencies, number: usize, rules: &Rules) -> Opinion {
    let sample = Sample { ms: values(new), baseline: baseline_ms, rules };
    let last = number + 1 >= rules.looks.len();
    let median_ms = sample.median();
    Opinion {
        call: sample.call(last),
        body: sample.estimate(sample.budget()),
        tail: None,
        control_median_ms: baseline_ms,
        median_ms,
        control_p90_ms: baseline_ms,
        p90_ms: quantile(&sample.ms, 0.9).unwrap_or(baseline_ms),
        samples: new.len(),
    }
}

/// Does a fresh batch confirm a candidate? With the meaning of [`pipeline_stats::confirms`].
pub(super) fn confirms(baseline_ms: f64, batch: &Latencies, rules: &Rules) -> Confirmation {
    let sample = Sample { ms: values(batch), baseline: baseline_ms, rules };
    let estimate = sample.estimate(PLAIN);
    // On the same scale as there: 3 and 2 for a limit of 5.
    let scale = |it: f64| it.powf(rules.rollback.ln() / 5.0_f64.ln());
    let confirmed = estimate.ratio >= scale(3.0) && estimate.low >= scale(2.0);
    Confirmation { confirmed, estimate }
}

impl Sample<'_> {
    fn call(&self, last: bool) -> Call {
        let Rules { alert, rollback, floor_ms, .. } = *self.rules;
        let (budget, median) = (self.budget(), self.median());
        let matters = median - self.baseline >= floor_ms;
        let ratio = median / self.baseline;
        if self.ms.len() < self.rules.looks.first().copied().unwrap_or(1) {
            return if last { Call::Inconclusive } else { Call::Continue };
        }
        let low = self.bound_below(budget);
        if matters && ratio > rollback && low > alert {
            let sure = last || low > 0.8 * rollback;
            return if sure { Call::Candidate(Part::Body) } else { Call::Continue };
        }
        let slower = matters && ratio > alert && self.bound_below(PLAIN) > 1.25_f64.min(alert);
        let high = self.bound_above(budget);
        if slower && (last || high < rollback) {
            return Call::Alert(Part::Body);
        }
        match last {
            true if matters && ratio > alert => Call::Inconclusive,
            true => Call::Pass,
            false if high <= alert || self.baseline * (high - 1.0) < floor_ms => Call::Pass,
            false => Call::Continue,
        }
    }

    fn median(&self) -> f64 {
        median(&self.ms).unwrap_or(self.baseline)
    }

    /// The chance that a bound may be wrong, of the budget of the deploy.
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 strata")]
    fn budget(&self) -> f64 {
        self.rules.alpha / (self.rules.looks.len().max(1) * self.rules.strata.max(1)) as f64
    }

    fn estimate(&self, chance: f64) -> Estimate {
        let ratio = self.median() / self.baseline;
        Estimate { ratio, low: self.bound_below(chance), high: self.bound_above(chance) }
    }

    /// The largest value that the median is surely not below, over the baseline.
    fn bound_below(&self, chance: f64) -> f64 {
        self.surely(chance).map_or(0.0, |place| self.ms[place] / self.baseline)
    }

    /// The smallest value that the median is surely not above, over the baseline.
    fn bound_above(&self, chance: f64) -> f64 {
        let place = self.surely(chance).map(|place| self.ms.len() - 1 - place);
        place.map_or(f64::INFINITY, |place| self.ms[place] / self.baseline)
    }

    /// The last place in the ascending sample from which on there is surely more than half of all there is.
    fn surely(&self, chance: f64) -> Option<usize> {
        let count = self.ms.len() as u64;
        let more_than_half =
            |place: u64| clopper_pearson(count - place, count, 1.0 - 2.0 * chance).0 > 0.5;
        let places: Vec<u64> = (0..count).collect();
        places.partition_point(|place| more_than_half(*place)).checked_sub(1)
    }
}

/// Ascending.
fn values(latencies: &Latencies) -> Vec<f64> {
    let mut values: Vec<f64> = latencies.taken().iter().map(|it| it.ms()).collect();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` latencies around `median`, as regular as can be: a spread of a third on both sides.
    fn around(median: f64, count: usize) -> Latencies {
        #[expect(clippy::cast_precision_loss, reason = "few")]
        let at = |n: usize| median * (0.67 + 0.66 * (n as f64 + 0.5) / count as f64);
        Latencies::measured((0..count).map(at)).unwrap()
    }

    fn call(median: f64, count: usize, number: usize) -> Call {
        look(50.0, &around(median, count), number, &Rules::default()).call
    }

    #[test]
    fn the_median_is_held_to_the_number_strictly() {
        assert_eq!(call(50.0, 40, 0), Call::Pass);
        assert_eq!(call(160.0, 40, 0), Call::Alert(Part::Body));
        assert_eq!(call(400.0, 40, 0), Call::Candidate(Part::Body));
        // Forty cannot tell it.
        assert_eq!(call(95.0, 40, 0), Call::Continue);
        assert_eq!(call(260.0, 400, 3), Call::Candidate(Part::Body));
        assert_eq!(call(99.0, 400, 3), Call::Pass);
        assert_eq!(call(500.0, 39, 0), Call::Continue);
        assert_eq!(call(500.0, 39, 3), Call::Inconclusive);
    }

    #[test]
    fn a_small_increase_counts_for_nothing() {
        let fast = around(8.0, 40);
        assert_eq!(look(1.0, &fast, 0, &Rules::default()).call, Call::Pass);
    }

    #[test]
    fn a_fresh_batch_confirms_or_not() {
        let confirmed = |median| confirms(50.0, &around(median, 30), &Rules::default()).confirmed;
        assert!(confirmed(300.0));
        assert!(!confirmed(120.0));
    }

    #[test]
    fn the_bounds_hold_the_median() {
        let opinion = look(50.0, &around(100.0, 100), 1, &Rules::default());
        let Estimate { ratio, low, high } = opinion.body;
        assert!(low < ratio && ratio < high && high.is_finite(), "{opinion:?}");
    }
}
