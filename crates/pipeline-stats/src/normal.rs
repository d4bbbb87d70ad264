//! The standard normal distribution.

use statrs::distribution::{ContinuousCDF, Normal};

/// The `z` with a probability of `tail` above it; infinite for a tail of 0 or none at all.
pub(crate) fn upper(tail: f64) -> f64 {
    if tail > 0.0 { -Normal::standard().inverse_cdf(tail.min(1.0)) } else { f64::INFINITY }
}

/// How probable a value as far out as `z` is, on either side.
pub(crate) fn two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// What is left for each side of an interval that holds with `confidence`.
pub(crate) fn each_side(confidence: f64) -> f64 {
    ((1.0 - confidence) / 2.0).clamp(0.0, 0.5)
}
