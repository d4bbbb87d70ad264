//! How far the level of healthy runs wanders between deploys.

use crate::quantile;

/// Fewer healthy runs say nothing of how they differ.
const LEAST: usize = 5;

/// Makes the median absolute deviation of normal values their standard deviation: 1 / Φ⁻¹(3/4).
const NORMAL: f64 = 1.4826;

/// The spread of the logarithm of the median between healthy runs, for [`Rules::drift`](crate::Rules::drift).
///
/// 0.15 means that two of three runs lie within 15 % of the usual. It is the median absolute deviation times
/// 1.4826, as R's `mad`, so that one odd run does not count. `None` below 5 medians; what is no latency is
/// left out.
#[must_use]
pub fn drift(medians_ms: &[f64]) -> Option<f64> {
    let levels = medians_ms.iter().filter(|it| it.is_finite() && **it > 0.0).map(|it| it.ln());
    let levels = sorted(levels);
    if levels.len() < LEAST {
        return None;
    }
    let usual = quantile::interpolated(&levels, 0.5);
    let deviations = sorted(levels.iter().map(|it| (it - usual).abs()));
    Some(NORMAL * quantile::interpolated(&deviations, 0.5))
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}
