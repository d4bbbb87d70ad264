//! Did something change at once: another runner, another image?

use jiff::Timestamp;
use pipeline_stats::trend::theil_sen;
use pipeline_stats::{Latencies, hodges_lehmann, interpolated};
use serde::Serialize;

use crate::words::real;

/// So many of the newest deploys are compared.
const RECENT: usize = 10;

/// With so many before them.
const BEFORE: usize = 20;

/// How sure the interval is: as sure as a trend is.
const CONFIDENCE: f64 = 0.99;

/// A smaller change is not told.
const WORTH_TELLING: f64 = 1.1;

/// The newest deploys against those before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shift {
    /// How many are compared.
    pub recent: usize,
    /// With how many.
    pub before: usize,
    /// How many times as long they take: the median of all ratios.
    pub ratio: f64,
    /// Not below, with 99 %.
    pub low: f64,
    /// Not above, with 99 %.
    pub high: f64,
    /// The deploy from which on the lengths differ most from those before it.
    pub since: String,
    /// When it began.
    pub since_at: Timestamp,
    /// Is it sure, 10 % or more, and rather a step than a slope?
    pub told: bool,
}

impl Shift {
    pub(crate) fn sentence(&self) -> String {
        let Self { recent, before, ratio, low, high, since, .. } = self;
        format!(
            "The last {recent} took {ratio:.2} times as long as the {before} before \
             ({low:.2} to {high:.2}); the break is at {since}."
        )
    }
}

/// Compares the last ten with the twenty before: J. L. Hodges and E. L. Lehmann, 1963. Where the break is, is what A. N. Pettitt
/// ("A non-parametric approach to the change-point problem", Applied Statistics 28, 1979) says: the place where the ranks
/// before and after differ most. `None` for fewer than thirty.
pub(crate) fn shift(deploys: &[(&str, Timestamp, u64)]) -> Option<Shift> {
    let from = deploys.len().checked_sub(RECENT + BEFORE)?;
    let compared = &deploys[from..];
    let lengths: Vec<f64> = compared.iter().map(|(_, _, ms)| real((*ms).max(1))).collect();
    let (old, new) = lengths.split_at(BEFORE);
    let taken = |ms: &[f64]| Latencies::measured(ms.iter().copied()).ok();
    let estimate = hodges_lehmann(&taken(old)?, &taken(new)?, CONFIDENCE);
    let split = largest_split(&lengths);
    let (since, since_at, _) = compared[split];
    let surely = estimate.low > 1.0 || estimate.high < 1.0;
    let much = estimate.ratio.ln().abs() >= WORTH_TELLING.ln();
    Some(Shift {
        recent: RECENT,
        before: BEFORE,
        ratio: estimate.ratio,
        low: estimate.low,
        high: estimate.high,
        since: since.to_owned(),
        since_at,
        told: surely && much && is_step(&lengths, split),
    })
}

/// The first value of the second part, where the two parts differ most.
fn largest_split(values: &[f64]) -> usize {
    let rises = |at: usize| -> i64 {
        let sign = |new: f64, old: f64| i64::from(new > old) - i64::from(new < old);
        let (old, new) = values.split_at(at);
        new.iter().flat_map(|new| old.iter().map(|old| sign(*new, *old))).sum()
    };
    // The last of equals would be as good; the first one is named.
    (1..values.len()).rev().max_by_key(|at| rises(*at).abs()).unwrap_or_default()
}

/// Do two levels fit the lengths better than one line? A slope would be told as a step by whoever looks for steps only.
fn is_step(values: &[f64], split: usize) -> bool {
    let logs: Vec<f64> = values.iter().map(|it| it.ln()).collect();
    let off = |part: &[f64]| -> f64 {
        let middle = level(part);
        part.iter().map(|it| (it - middle).abs()).sum()
    };
    let (old, new) = logs.split_at(split);
    let numbered: Vec<(f64, f64)> = (0_u32..).map(f64::from).zip(logs.iter().copied()).collect();
    let Some(line) = theil_sen(&numbered, CONFIDENCE) else { return false };
    let fitted = |(at, value): &(f64, f64)| (value - line.intercept - line.slope * at).abs();
    off(old) + off(new) < numbered.iter().map(fitted).sum()
}

/// The median.
fn level(part: &[f64]) -> f64 {
    let mut sorted = part.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    interpolated(&sorted, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_no_step() {
        let numbers = || (0_u32..30).map(f64::from);
        let slope: Vec<f64> = numbers().map(|it| 60.0 * 1.02_f64.powf(it)).collect();
        let step: Vec<f64> = numbers().map(|it| if it < 17.0 { 60.0 } else { 80.0 }).collect();
        assert!(!is_step(&slope, largest_split(&slope)));
        assert!(is_step(&step, largest_split(&step)));
    }

    #[test]
    fn the_split_is_where_the_lengths_change() {
        let mut values = vec![10.0; 12];
        values.extend([20.0; 18]);
        assert_eq!(largest_split(&values), 12);
        assert_eq!(largest_split(&[1.0, 2.0]), 1);
        assert_eq!(largest_split(&[]), 0);
        assert_eq!(largest_split(&[1.0; 9]), 1, "no split at all is one as well");
    }
}
