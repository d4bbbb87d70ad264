//! Counts of successes: how far the true rate may be from the one that was seen.

use statrs::function::beta::beta_reg;

use crate::normal;

/// Between what the true failure rate lies, with `confidence`, where `failed` of `total` failed.
///
/// C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
/// binomial", Biometrika 26, 1934; R's `binom.test`. It holds for certain, at any number of requests; it is as exact as R's
/// up to a million of them. Of
/// nothing asked, nothing is known: 0 to 1.
///
/// ```
/// let (low, high) = pipeline_stats::clopper_pearson(0, 50, 0.95);
/// assert_eq!(low, 0.0);
/// assert!((0.071..0.072).contains(&high), "none of 50 may still be 7 %");
/// ```
#[must_use]
pub fn clopper_pearson(failed: u64, total: u64, confidence: f64) -> (f64, f64) {
    bounds(failed, total, normal::each_side(confidence))
}

/// The same, with a chance of `tail` on each side.
pub(crate) fn bounds(failed: u64, total: u64, tail: f64) -> (f64, f64) {
    let failed = failed.min(total);
    // No more than these fail if no fewer than the others do not.
    (lower(failed, total, tail), 1.0 - lower(total - failed, total, tail))
}

fn lower(count: u64, total: u64, tail: f64) -> f64 {
    if count == 0 || tail <= 0.0 {
        return 0.0;
    }
    crossing(|rate| at_least(count, total, rate) < tail)
}

/// The largest `r` for which fewer than `r` of `count` happen, each with `chance`, with a probability of
/// `tail` at most. `None` if even none at all is likelier.
pub(crate) fn most_whose_chance_below(count: usize, chance: f64, tail: f64) -> Option<usize> {
    let fewer = |r: usize| 1.0 - at_least(r as u64, count as u64, chance);
    // It grows with r: the last for which it holds.
    let (mut holds, mut fails) = (0, count + 1);
    while fails - holds > 1 {
        let middle = usize::midpoint(holds, fails);
        if fewer(middle) <= tail {
            holds = middle;
        } else {
            fails = middle;
        }
    }
    (holds > 0).then_some(holds)
}

/// The chance that at least `least` of `total` happen, each with `chance`.
fn at_least(least: u64, total: u64, chance: f64) -> f64 {
    if least == 0 {
        return 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (least, rest) = (least as f64, (total - least) as f64 + 1.0);
    beta_reg(least, rest, chance)
}

/// Where `before` ceases to hold, between 0 and 1.
fn crossing(before: impl Fn(f64) -> bool) -> f64 {
    let (mut from, mut to) = (0.0, 1.0);
    // Until no number lies between them: 1074 halvings at most, about 60 for any rate that is not tiny.
    loop {
        let middle = f64::midpoint(from, to);
        if middle <= from || middle >= to {
            return middle;
        }
        if before(middle) {
            from = middle;
        } else {
            to = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_count_is_too_odd() {
        assert_eq!(clopper_pearson(0, 0, 0.95), (0.0, 1.0));
        assert_eq!(clopper_pearson(9, 5, 0.95), clopper_pearson(5, 5, 0.95));
        for (failed, total) in [(0, u64::MAX), (u64::MAX, u64::MAX), (u64::MAX / 3, u64::MAX)] {
            let (low, high) = clopper_pearson(failed, total, 0.999);
            assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
        }
        assert_eq!(clopper_pearson(3, 10, 1.0), (0.0, 1.0));
        for confidence in [f64::NAN, -1.0, 2.0] {
            let (low, high) = clopper_pearson(3, 10, confidence);
            assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
        }
    }
}
