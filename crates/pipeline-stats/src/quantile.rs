//! The ratio of the slow requests: of one 90th percentile to the other.
//!
//! The bounds of a quantile are two of the sample's own values; how often the true one lies between them is
//! a binomial probability, whatever the latencies' distribution (H. A. David and H. N. Nagaraja, "Order
//! Statistics", section 7.1). The interpolation is the one of R's `quantile(type = 7)`.

use crate::binomial;
use crate::hodges_lehmann::Estimate;
use crate::latency::Latencies;
use crate::normal;

/// The quantile that stands for the slow requests.
pub(crate) const P90: f64 = 0.9;

/// Fewer say nothing about their 90th percentile: a value above the true one is not even 95 % sure.
const LEAST: usize = 29;

/// The ratio of the 90th percentiles, new over control, with an interval that holds it with `confidence`.
///
/// `None` if either side has fewer than 29 latencies. A bound needs more: for 99.9 %, 72 on its side.
#[must_use]
pub fn p90_ratio(control: &Latencies, new: &Latencies, confidence: f64) -> Option<Estimate> {
    estimate(control, new, normal::each_side(confidence))
}

/// The same, with a chance of `tail` on each side. Either percentile may be the one that errs, so each gets half.
pub(crate) fn estimate(control: &Latencies, new: &Latencies, tail: f64) -> Option<Estimate> {
    if control.len() < LEAST || new.len() < LEAST {
        return None;
    }
    let bounds = |it: &Latencies| (below(it, tail / 2.0), above(it, tail / 2.0));
    let ((control_low, control_high), (new_low, new_high)) = (bounds(control), bounds(new));
    Some(Estimate {
        ratio: new.p90_ms() / control.p90_ms(),
        low: new_low / control_high,
        high: if control_low > 0.0 { new_high / control_low } else { f64::INFINITY },
    })
}

/// The ratio, and the 90th percentile in milliseconds, had the new timeouts lasted for ever.
pub(crate) fn at_most(control: &Latencies, new: &Latencies) -> (f64, f64) {
    let slowest = interpolated(&new.at_most(), P90);
    (slowest / control.p90_ms(), slowest)
}

/// What lies at `q` of the way, from 0 to 1, through ascending values: linearly between two of them, as R's
/// `quantile(type = 7)`; 0 if there is none.
#[must_use]
pub fn interpolated(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let place = q * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to the last")]
    let index = (place.floor() as usize).min(last);
    let (here, next) = (sorted[index], sorted[(index + 1).min(last)]);
    // Nothing of an infinite step, and a step between two infinities, are none.
    if place.fract() <= 0.0 || here.total_cmp(&next).is_eq() {
        return here;
    }
    here + place.fract() * (next - here)
}

/// How many latencies it takes until one of them lies above the true `q` quantile with 95 %: ln 0.05 / ln q.
pub(crate) fn samples_needed(q: f64) -> Option<usize> {
    if !(q > 0.0 && q < 1.0) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    Some((0.05_f64.ln() / q.ln()).ceil() as usize)
}

/// A value that lies above the true 90th percentile with a probability of `tail` at most; 0 for too few.
fn below(latencies: &Latencies, tail: f64) -> f64 {
    // The r-th value lies above it if fewer than r do not.
    let count = binomial::most_whose_chance_below(latencies.len(), P90, tail);
    count.map_or(0.0, |r| latencies.at_least()[r - 1])
}

/// A value that lies below the true 90th percentile with a probability of `tail` at most; infinite for too few.
fn above(latencies: &Latencies, tail: f64) -> f64 {
    // Counted from the largest it is the same question, about the tenth that lies above.
    let count = binomial::most_whose_chance_below(latencies.len(), 1.0 - P90, tail);
    count.map_or(f64::INFINITY, |r| latencies.at_most()[latencies.len() - r])
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the exact numbers are wanted")]
mod tests {
    use super::*;

    /// `r <- 0:n; max(r[pbinom(r - 1, n, .9) <= tail])` in R, and the same with .1 for the other side.
    #[test]
    fn the_bounds_are_the_ones_of_the_binomial_tables() {
        let table = [
            (29, 0.05, 23, 1),
            (29, 0.005, 21, 0),
            (40, 0.005, 30, 0),
            (44, 0.001, 33, 0),
            (66, 0.001, 51, 1),
            (72, 0.005, 58, 2),
            (80, 0.005, 64, 2),
            (100, 1.25e-5, 75, 0),
            (108, 1.25e-5, 82, 1),
            (200, 1.25e-5, 160, 5),
            (400, 0.005, 344, 25),
            (400, 1.25e-5, 333, 17),
            (1000, 1.25e-5, 858, 62),
        ];
        for (count, tail, lower, upper) in table {
            let rank = |chance| binomial::most_whose_chance_below(count, chance, tail).unwrap_or(0);
            assert_eq!((rank(P90), rank(1.0 - P90)), (lower, upper), "{count}, {tail}");
        }
    }

    #[test]
    fn a_quantile_is_told_from_as_many_as_the_tables_say() {
        let needed = [0.5, 0.9, 0.95, 0.99].map(|q| samples_needed(q).unwrap());
        assert_eq!(needed, [5, LEAST, 59, 299]);
        assert_eq!([0.0, 1.0, -1.0, f64::NAN].map(samples_needed), [None; 4]);
    }

    #[test]
    fn between_two_infinities_there_is_nothing_to_interpolate() {
        let inf = f64::INFINITY;
        let at = |sorted: &[f64]| interpolated(sorted, 0.5);
        assert_eq!([at(&[]), at(&[3.0]), at(&[1.0, 3.0]), at(&[1.0, inf])], [0.0, 3.0, 2.0, inf]);
        assert_eq!(at(&[inf, inf]), inf);
        assert_eq!(at(&[1.0, 2.0, inf]), 2.0);
    }
}
