//! Quantiles for people. What is decided is decided on the bounds of `pipeline-stats`.

use pipeline_stats::interpolated;

/// The quantile of a sample, linearly between two of its values (definition 7 of Hyndman and Fan,
/// <https://doi.org/10.2307/2684934>); `None` of none.
pub(super) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (!sorted.is_empty()).then(|| interpolated(&sorted, share))
}

/// The middle of a sample.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_between_two_values() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        let hundred: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(quantile(&hundred, 0.9), Some(90.0));
        assert_eq!(quantile(&hundred, 1.0), Some(100.0));
    }
}
