//! How fast something changes.

use super::mann_kendall::variance;
use crate::{normal, quantile};

/// A line through points, and between what its slope lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TheilSen {
    /// Change of the value per unit of time: the median of the slopes between all pairs of points.
    pub slope: f64,
    /// What the true slope is not below; negative infinity for too few points.
    pub low: f64,
    /// What the true slope is not above; infinite for too few points.
    pub high: f64,
    /// The line's value at time 0: the median of what each point leaves.
    pub intercept: f64,
}

/// The slope of points (time, value), with an interval that holds it with `confidence`.
///
/// P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", Journal of the American
/// Statistical Association 63, 1968; R. O. Gilbert, "Statistical Methods for Environmental Pollution Monitoring", 1987,
/// section 16.5, rounded to the wider interval. Almost a third of the points may be wild without harm. Pairs at the same
/// time have no slope and are left out. Time and room grow with the square of the number of points. `None` if there
/// are no two times, or if a number is not finite.
#[must_use]
pub fn theil_sen(points: &[(f64, f64)], confidence: f64) -> Option<TheilSen> {
    if points.iter().any(|(time, value)| !(time.is_finite() && value.is_finite())) {
        return None;
    }
    let slope = |one: &(f64, f64), other: &(f64, f64)| (other.1 - one.1) / (other.0 - one.0);
    let apart = |one: &(f64, f64), other: &(f64, f64)| other.0 - one.0 != 0.0;
    let mut slopes: Vec<f64> = Vec::new();
    for (index, one) in points.iter().enumerate() {
        let later = points[index + 1..].iter().filter(|other| apart(one, other));
        slopes.extend(later.map(|other| slope(one, other)));
    }
    sort(&mut slopes);
    if slopes.is_empty() {
        return None;
    }
    let median = quantile::interpolated(&slopes, 0.5);
    let mut rests: Vec<f64> = points.iter().map(|(time, value)| value - median * time).collect();
    sort(&mut rests);
    let (low, high) = bounds(&slopes, points, confidence);
    Some(TheilSen { slope: median, low, high, intercept: quantile::interpolated(&rests, 0.5) })
}

fn bounds(slopes: &[f64], points: &[(f64, f64)], confidence: f64) -> (f64, f64) {
    let mut values: Vec<f64> = points.iter().map(|point| point.1 + 0.0).collect();
    sort(&mut values);
    let z = normal::upper(normal::each_side(confidence));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (count, pairs) = (points.len() as f64, slopes.len() as f64);
    let rank = ((pairs - z * variance(&values, count).sqrt()) / 2.0).floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "1 to half of them"
    )]
    let rank = (rank >= 1.0).then_some(rank as usize);
    rank.map_or((f64::NEG_INFINITY, f64::INFINITY), |it| {
        (slopes[it - 1], slopes[slopes.len() - it])
    })
}

fn sort(values: &mut [f64]) {
    values.sort_unstable_by(f64::total_cmp);
}
