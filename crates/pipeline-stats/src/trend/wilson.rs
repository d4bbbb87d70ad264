//! How often something happens, as one would draw it.

use crate::normal;

/// Between what the true rate lies, with `confidence`, where something happened `happened` of `total` times.
///
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
/// American Statistical Association 22, 1927; R's `prop.test(correct = FALSE)`. Narrower than
/// [`clopper_pearson`](crate::clopper_pearson) and right on average, not for certain: for trends and pictures, not for
/// decisions. Of nothing, nothing is known: 0 to 1.
#[must_use]
pub fn wilson(happened: u64, total: u64, confidence: f64) -> (f64, f64) {
    let z = normal::upper(normal::each_side(confidence));
    if total == 0 || z.is_infinite() {
        return (0.0, 1.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (n, count) = (total as f64, happened.min(total) as f64);
    let (rate, square) = (count / n, z * z);
    let middle = rate + square / (2.0 * n);
    let half = z * (rate * (1.0 - rate) / n + square / (4.0 * n * n)).sqrt();
    let scale = 1.0 + square / n;
    // At the ends the formula is exactly 0 and 1, its rounding is not.
    let low = if count <= 0.0 { 0.0 } else { (middle - half) / scale };
    let high = if count >= n { 1.0 } else { (middle + half) / scale };
    (low.max(0.0), high.min(1.0))
}
