//! Trends over many runs: is something rising, how fast, and how often does it happen?

mod mann_kendall;
mod theil_sen;
mod wilson;

pub use mann_kendall::{MannKendall, mann_kendall};
pub use theil_sen::{TheilSen, theil_sen};
pub use wilson::wilson;

/// The sum over all groups of equal values among ascending ones.
pub(crate) fn over_ties(sorted: &[f64], each: impl Fn(f64) -> f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    sorted.chunk_by(|one, other| one.total_cmp(other).is_eq()).map(|it| each(it.len() as f64)).sum()
}
