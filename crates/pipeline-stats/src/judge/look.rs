//! One look at what there is so far.

use super::evidence::Evidence;
use super::rules::Rules;
use crate::hodges_lehmann::Estimate;
use crate::latency::Latencies;

/// Which requests a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The typical ones, by the Hodges-Lehmann ratio.
    Body,
    /// The slow ones, by the ratio of the 90th percentiles.
    Tail,
}

/// What a look comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Take more latencies, until the next look.
    Continue,
    /// Not slower than the alert limit.
    Pass,
    /// Slower than the alert limit, and not by chance.
    Alert(Part),
    /// Slower than the rollback limit, and not by chance: wait, take a fresh batch and [`confirm`](crate::confirms) it.
    Candidate(Part),
    /// There are no more looks, and it cannot be told.
    Inconclusive,
}

/// A call and the numbers behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// What the look comes to.
    pub call: Call,
    /// The typical ratio, with the bounds that the call rests on: as narrow as the error budget affords, the lower
    /// one widened by the drift. For an alert the drift counts at a plain 99 %.
    pub body: Estimate,
    /// The ratio of the 90th percentiles, bounded likewise. `None` below 29 latencies on either side.
    pub tail: Option<Estimate>,
    /// The control's median.
    pub control_median_ms: f64,
    /// The new release's median.
    pub median_ms: f64,
    /// The control's 90th percentile.
    pub control_p90_ms: f64,
    /// The new release's 90th percentile.
    pub p90_ms: f64,
    /// How many new latencies there were.
    pub samples: usize,
}

impl Part {
    /// How many fresh requests a confirmation takes: 30, or 80 for the slow ones.
    #[must_use]
    pub fn batch(self) -> usize {
        match self {
            Self::Body => 30,
            Self::Tail => 80,
        }
    }
}

/// One look at what there is so far. `look` counts from 0; the last of `rules.looks` is the last look.
///
/// Look as soon as there are as many new latencies as `rules.looks` says; after the last planned request take
/// the last look, at whatever there is. With fewer latencies than the first look wants, on either side, nothing is
/// said: [`Call::Continue`], or [`Call::Inconclusive`] at the last look.
#[must_use]
pub fn look(control: &Latencies, new: &Latencies, look: usize, rules: &Rules) -> Opinion {
    let last = rules.is_last(look);
    let body = Evidence::body(control, new, rules);
    let tail = Evidence::tail(control, new, rules);
    let call = if control.len().min(new.len()) < rules.least() {
        if last { Call::Inconclusive } else { Call::Continue }
    } else {
        call(&body, tail.as_ref(), last, rules)
    };
    let shown = |it: Evidence| match call {
        Call::Alert(_) => Estimate { low: it.alert_low, ..it.budget },
        _ => it.budget,
    };
    Opinion {
        call,
        body: shown(body),
        tail: tail.map(shown),
        control_median_ms: control.median_ms(),
        median_ms: new.median_ms(),
        control_p90_ms: control.p90_ms(),
        p90_ms: new.p90_ms(),
        samples: new.len(),
    }
}

fn call(body: &Evidence, tail: Option<&Evidence>, last: bool, rules: &Rules) -> Call {
    let parts = || std::iter::once(body).chain(tail);
    let mut suspects = parts().filter(|it| is_suspect(it, rules)).peekable();
    if suspects.peek().is_some() {
        let sure = suspects.find(|it| last || it.budget.low >= rules.for_rollback(4.0));
        return sure.map_or(Call::Continue, |it| Call::Candidate(it.part));
    }
    // Nothing is settled as an alert that may still become a rollback.
    let settled = parts().all(|it| it.budget.ratio <= rules.rollback);
    let is_below = |it: &Evidence| settled && it.budget.high < rules.rollback;
    let alert = |it: &&Evidence| is_slower(it, rules) && (last || is_below(it));
    if let Some(slower) = parts().find(alert) {
        return Call::Alert(slower.part);
    }
    if last {
        let may = parts().any(|it| it.may_exceed(rules.alert, rules));
        return if may { Call::Inconclusive } else { Call::Pass };
    }
    let tail_is_fine = tail.is_some_and(|it| !it.may_exceed(rules.alert, rules));
    if body.stays_below(rules.alert, rules) && tail_is_fine { Call::Pass } else { Call::Continue }
}

/// Slow enough to go back, and surely slow; the next looks may make it surer.
fn is_suspect(it: &Evidence, rules: &Rules) -> bool {
    it.exceeds(rules.rollback, rules) && it.budget.low >= rules.for_rollback(2.0)
}

fn is_slower(it: &Evidence, rules: &Rules) -> bool {
    it.exceeds(rules.alert, rules) && it.alert_low >= rules.for_alert(1.25)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ratio and its bounds.
    type Seen = (f64, f64, f64);

    const FINE: Seen = (1.0, 0.5, 1.5);

    fn evidence(part: Part, (ratio, low, high): Seen) -> Evidence {
        let budget = Estimate { ratio, low, high };
        let (control_ms, ms) = (50.0, 50.0 * ratio);
        let (alert_low, at_most, ms_at_most) = (low, ratio, ms);
        Evidence { part, budget, alert_low, at_most, control_ms, ms, ms_at_most }
    }

    #[test]
    fn every_limit_is_where_it_is_said_to_be() {
        use Call::{Alert, Candidate, Continue, Inconclusive, Pass};
        use Part::{Body, Tail};
        // Typical requests, slow requests, what an early look says, what the last one says.
        let table: [(Seen, Seen, Call, Call); 20] = [
            ((5.001, 4.0, 9.0), FINE, Candidate(Body), Candidate(Body)),
            ((5.001, 3.999, 9.0), FINE, Continue, Candidate(Body)),
            ((5.001, 2.0, 9.0), FINE, Continue, Candidate(Body)),
            ((5.001, 1.999, 9.0), FINE, Continue, Alert(Body)),
            ((5.0, 4.0, 9.0), FINE, Continue, Alert(Body)),
            ((4.999, 4.0, 5.0), FINE, Continue, Alert(Body)),
            (FINE, (5.001, 4.0, 9.0), Candidate(Tail), Candidate(Tail)),
            (FINE, (5.001, 2.0, 9.0), Continue, Candidate(Tail)),
            (FINE, (5.001, 1.999, 9.0), Continue, Alert(Tail)),
            ((5.001, 2.0, 9.0), (5.001, 4.0, 9.0), Candidate(Tail), Candidate(Body)),
            ((2.001, 1.25, 4.999), FINE, Alert(Body), Alert(Body)),
            ((2.001, 1.25, 5.0), FINE, Continue, Alert(Body)),
            ((2.001, 1.249, 4.999), FINE, Continue, Inconclusive),
            ((2.0, 1.9, 2.001), FINE, Continue, Pass),
            (FINE, (2.001, 1.25, 4.999), Alert(Tail), Alert(Tail)),
            (FINE, (2.001, 1.249, 4.999), Continue, Inconclusive),
            (FINE, (2.0, 1.9, 4.999), Pass, Pass),
            ((2.001, 1.25, 4.999), (5.001, 1.0, 9.0), Continue, Alert(Body)),
            ((1.0, 0.5, 1.999), (2.0, 1.5, 9.0), Pass, Pass),
            ((1.0, 0.5, 2.0), FINE, Continue, Pass),
        ];
        for (body, tail, early, at_last) in table {
            let (body, tail) = (evidence(Body, body), evidence(Tail, tail));
            let says = |last| call(&body, Some(&tail), last, &Rules::default());
            assert_eq!((says(false), says(true)), (early, at_last), "{body:?}, {tail:?}");
        }
        let alone = |last| call(&evidence(Body, FINE), None, last, &Rules::default());
        assert_eq!((alone(false), alone(true)), (Continue, Pass), "the slow ones were not seen");
    }
}
