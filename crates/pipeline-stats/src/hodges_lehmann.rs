//! The typical ratio between two samples, and between what it lies.
//!
//! J. L. Hodges and E. L. Lehmann, "Estimates of location based on rank tests", Annals of Mathematical
//! Statistics 34, 1963: the shift between two samples is estimated by the median of all differences; on
//! logarithms, by the median of all ratios. The interval is the one that the Mann-Whitney test does not refuse
//! (L. E. Moses, in H. M. Walker and J. Lev, "Statistical Inference", 1953; M. Hollander and D. A. Wolfe,
//! "Nonparametric Statistical Methods", section 4.3): between the c-th smallest and the c-th largest ratio.

use crate::latency::Latencies;
use crate::normal;
use crate::select::Ratios;

/// A ratio, new over control, and bounds that the true one is not below, and not above.
///
/// A bound that so few latencies cannot give is 0, or infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The best single guess; 1 where there is nothing to compare.
    pub ratio: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

impl Estimate {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self { ratio: 1.0, low: 0.0, high: f64::INFINITY };
}

/// The ratio of `new` to `control`, with an interval that holds it with `confidence`, such as 0.95.
///
/// ```
/// use pipeline_stats::{Latencies, hodges_lehmann};
///
/// # fn main() -> Result<(), pipeline_stats::BadLatency> {
/// let control = Latencies::measured([40.0, 50.0, 44.0, 61.0, 47.0, 52.0, 45.0])?;
/// let new = Latencies::measured([88.0, 93.0, 120.0, 84.0, 97.0, 104.0, 91.0])?;
/// let estimate = hodges_lehmann(&control, &new, 0.95);
/// assert!((1.7..2.1).contains(&estimate.ratio));
/// assert!(estimate.low > 1.0, "it is slower");
/// # Ok(()) }
/// ```
#[must_use]
pub fn hodges_lehmann(control: &Latencies, new: &Latencies, confidence: f64) -> Estimate {
    estimate(control, new, normal::each_side(confidence))
}

/// The same, with a chance of `tail` on each side.
pub(crate) fn estimate(control: &Latencies, new: &Latencies, tail: f64) -> Estimate {
    let Some(ratio) = Ratios::new(new.at_least(), control.at_least()).median() else {
        return Estimate::UNKNOWN;
    };
    with_bounds(ratio, (control, new), tail)
}

/// Other bounds for a ratio that is known already.
pub(crate) fn with_bounds(
    ratio: f64,
    (control, new): (&Latencies, &Latencies),
    tail: f64,
) -> Estimate {
    let Some(rank) = rank(control.len(), new.len(), tail) else {
        return Estimate { ratio, ..Estimate::UNKNOWN };
    };
    // Whatever the timeouts would have become, the true bounds lie no lower, and no higher.
    let lowest = Ratios::new(new.at_least(), &control.at_most()).smallest(rank - 1);
    let slowest = new.at_most();
    let highest = Ratios::new(&slowest, control.at_least());
    Estimate { ratio, low: lowest, high: highest.smallest(highest.len() - rank) }
}

/// The ratio had the new timeouts lasted for ever.
pub(crate) fn at_most(control: &Latencies, new: &Latencies) -> f64 {
    Ratios::new(&new.at_most(), control.at_least()).median().unwrap_or(f64::INFINITY)
}

/// Which ratio from either end is the bound, from 1: Mann-Whitney's U stays below it with a probability of
/// `tail` at most, in the normal approximation, rounded to the wider interval. `None` for too few.
fn rank(control: usize, new: usize, tail: f64) -> Option<usize> {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (n, m) = (control as f64, new as f64);
    let deviation = (n * m * (n + m + 1.0) / 12.0).sqrt();
    let rank = (n * m / 2.0 - normal::upper(tail) * deviation).floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to n m / 2")]
    (rank >= 1.0).then_some(rank as usize)
}
