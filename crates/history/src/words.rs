//! Numbers as sentences have them. Pure.

use jiff::SignedDuration;

/// `7 %`; below ten in a hundred, but not nothing, `0.4 %`.
pub(crate) fn percent(part: f64) -> String {
    let hundredths = part * 100.0;
    let fine = hundredths.abs() < 9.95 && (hundredths - hundredths.round()).abs() > 0.05;
    if fine { format!("{hundredths:.1} %") } else { format!("{hundredths:.0} %") }
}

/// The same with its sign: `+23 %`.
pub(crate) fn signed(part: f64) -> String {
    let text = percent(part);
    if part > 0.0 { format!("+{text}") } else { text }
}

/// `7 % to 26 %`.
pub(crate) fn between((low, high): (f64, f64)) -> String {
    format!("{} to {}", percent(low), percent(high))
}

/// `p = 0.004`, and no zero for what is merely small.
pub(crate) fn p(value: f64) -> String {
    let digits = digits(value);
    if value < 0.0001 { "p < 0.0001".into() } else { format!("p = {value:.digits$}") }
}

fn digits(value: f64) -> usize {
    if value < 0.001 {
        4
    } else if value < 0.1 {
        3
    } else {
        2
    }
}

/// `1 deploy`, `7 deploys`.
pub(crate) fn count(n: u64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// A length of time at the size that matters: `5.2s`, `4m 12s`, `3h 07m`, `2d 4h`.
pub(crate) fn took(ms: u64) -> String {
    let seconds = ms / 1000;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        0..60 => format!("{seconds}.{}s", ms % 1000 / 100),
        60..3600 => format!("{minutes}m {:02}s", seconds % 60),
        3600..172_800 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{}d {}h", hours / 24, hours % 24),
    }
}

/// Whole milliseconds; nothing where time ran backwards.
pub(crate) fn millis(length: SignedDuration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(0)
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// The middle one, or what lies between the two middle ones; `None` of nothing.
pub fn median(values: impl IntoIterator<Item = u64>) -> Option<u64> {
    let mut sorted: Vec<u64> = values.into_iter().collect();
    sorted.sort_unstable();
    let (low, high) = (sorted.len().checked_sub(1)? / 2, sorted.len() / 2);
    Some(u64::midpoint(sorted[low], sorted[high]))
}

/// `validate`, `validate and verify`, `validate, build and verify`.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_fine_as_they_matter() {
        let shares = [0.0, 0.004, 0.02, 0.0765, 0.26, 1.0].map(percent);
        assert_eq!(shares, ["0 %", "0.4 %", "2 %", "7.6 %", "26 %", "100 %"]);
        assert_eq!([0.23, -0.051, 0.0].map(signed), ["+23 %", "-5.1 %", "0 %"]);
        let ps = [0.42, 0.041, 0.0063, 0.0002, 0.00001].map(p);
        assert_eq!(ps, ["p = 0.42", "p = 0.041", "p = 0.006", "p = 0.0002", "p < 0.0001"]);
        let lengths = [5_249, 252_000, 11_220_000, 187_200_000].map(took);
        assert_eq!(lengths, ["5.2s", "4m 12s", "3h 07m", "2d 4h"]);
        assert_eq!(median([]), None);
        assert_eq!((median([7]), median([9, 1, 4]), median([1, 4])), (Some(7), Some(4), Some(2)));
        let names = ["a", "b", "c"].map(ToOwned::to_owned);
        assert_eq!([1, 2, 3].map(|it| list(&names[..it])), ["a", "a and b", "a, b and c"]);
    }
}
