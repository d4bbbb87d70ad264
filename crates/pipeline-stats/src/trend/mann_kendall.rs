//! Is there a trend at all?

use super::over_ties;
use crate::normal;

/// Whether values rise or fall over time, whatever the shape of their rise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannKendall {
    /// Pairs that rise less pairs that fall.
    pub s: i64,
    /// Kendall's tau-b: 1 for a steady rise, -1 for a steady fall; 0 if all values are equal.
    pub tau: f64,
    /// `s` in standard deviations, with ties and continuity corrected.
    pub z: f64,
    /// How probable so much of a trend is where there is none, in either direction.
    pub p: f64,
}

/// Looks for a trend in values in the order of time.
///
/// H. B. Mann, "Nonparametric tests against trend", Econometrica 13, 1945; M. G. Kendall, "Rank Correlation
/// Methods", 1948, with its variance for ties. The same as R's `cor.test(time, values, method = "kendall",
/// exact = FALSE, continuity = TRUE)`. The normal approximation is fair from about 8 values. Work grows with
/// the square of their number. `None` below 3 values, or if one is not a number.
#[must_use]
pub fn mann_kendall(values: &[f64]) -> Option<MannKendall> {
    if values.len() < 3 || values.iter().any(|it| it.is_nan()) {
        return None;
    }
    let sign = |from: f64, to: f64| i64::from(to > from) - i64::from(to < from);
    let from = |(index, value): (usize, &f64)| -> i64 {
        values[index + 1..].iter().map(|later| sign(*value, *later)).sum()
    };
    let s: i64 = values.iter().enumerate().map(from).sum();
    // Zero has two signs and one value.
    let mut sorted: Vec<f64> = values.iter().map(|it| it + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (n, difference) = (values.len() as f64, s as f64);
    let pairs = |t: f64| t * (t - 1.0) / 2.0;
    let untied = pairs(n) - over_ties(&sorted, pairs);
    let tau = if untied > 0.0 { difference / (untied * pairs(n)).sqrt() } else { 0.0 };
    let z = score(difference, variance(&sorted, n));
    Some(MannKendall { s, tau, z, p: normal::two_sided(z) })
}

/// The variance of `s` if there is no trend.
pub(crate) fn variance(sorted: &[f64], n: f64) -> f64 {
    let of = |t: f64| t * (t - 1.0) * (2.0 * t + 5.0);
    (of(n) - over_ties(sorted, of)) / 18.0
}

fn score(s: f64, variance: f64) -> f64 {
    if variance > 0.0 { s.signum() * (s.abs() - 1.0).max(0.0) / variance.sqrt() } else { 0.0 }
}
