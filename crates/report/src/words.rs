//! Numbers and moments as people read them. Pure.

use std::time::SystemTime;

use jiff::Timestamp;
use store_sql::{RunKind, RunOutcome, RunRow};

/// A length of time: `850 ms`, `21.2s`, `4m 12s`, `1h 02m`.
pub(crate) fn took(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms} ms"),
        1..60 => format!("{}.{}s", seconds, ms % 1000 / 100),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The same of a measurement.
pub(crate) fn took_f64(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { took(whole(ms)) }
}

/// The nearest whole number that is not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded just before")]
pub(crate) fn whole(value: f64) -> u64 {
    value.round().clamp(0.0, 9e15) as u64
}

/// A whole number as a coordinate or a measurement.
#[expect(clippy::cast_precision_loss, reason = "milliseconds and counts are far below 2^52")]
pub(crate) fn float(value: u64) -> f64 {
    value as f64
}

/// A count with its thousands apart: `4,249`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of a thing: `1 run`, `12 runs`.
pub(crate) fn many(value: usize, thing: &str) -> String {
    let end = if value == 1 { "" } else { "s" };
    format!("{} {thing}{end}", count(value as u64))
}

/// A share in per cent: `20 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// How many times as slow: `1.04×`, `12×`.
pub(crate) fn times(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}×") } else { format!("{ratio:.0}×") }
}

/// `2026-03-25 14:32 UTC`, as history lines write it.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `25 Mar 2026`.
pub(crate) fn day(at: Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}

/// `25 Mar`.
pub(crate) fn short_day(at: Timestamp) -> String {
    at.strftime("%-d %b").to_string()
}

/// A moment of the wall clock.
pub(crate) fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The text, or its first characters and `…`.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let mut characters = text.chars();
    let head: String = characters.by_ref().take(most).collect();
    if characters.next().is_none() {
        return head;
    }
    let head: String = head.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

/// A commit as people quote it.
pub(crate) fn revision(text: &str) -> String {
    let hex = text.len() > 12 && text.chars().all(|it| it.is_ascii_hexdigit());
    if hex { text.chars().take(9).collect() } else { cut(text, 24) }
}

/// An image as people recognise it: the beginning of its digest, else its tag.
pub(crate) fn image(reference: &str) -> String {
    if let Some((_, digest)) = reference.split_once("@sha256:") {
        return format!("sha256:{}", digest.chars().take(12).collect::<String>());
    }
    cut(reference.rsplit('/').next().unwrap_or(reference), 28)
}

/// A mark, by its name in the sheet of signs, and the word that goes with it.
pub(crate) fn outcome(row: &RunRow) -> (&'static str, &'static str) {
    match row.ending.map(|it| it.outcome) {
        None => ("open", "OPEN"),
        Some(RunOutcome::Pass) => ("pass", "PASS"),
        Some(RunOutcome::Fail) => ("fail", "FAIL"),
        Some(RunOutcome::Rollback) => ("back", "ROLLBACK"),
        Some(RunOutcome::Abort) => ("abort", "ABORT"),
        Some(RunOutcome::Stuck) => ("stuck", "STUCK"),
    }
}

/// What a run does.
pub(crate) fn kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Deploy => "deploy",
        RunKind::Rollback => "rollback",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_are_exact() {
        assert_eq!(
            [0, 999, 21_249, 252_000, 3_723_000].map(took),
            ["0 ms", "999 ms", "21.2s", "4m 12s", "1h 02m"]
        );
        assert_eq!([3.12, 31.4].map(took_f64), ["3.1 ms", "31 ms"]);
        assert_eq!([0, 12, 4_249, 1_234_567].map(count), ["0", "12", "4,249", "1,234,567"]);
        assert_eq!([many(1, "run"), many(0, "run")], ["1 run", "0 runs"]);
        assert_eq!([times(1.04), times(12.3), percent(0.204)], ["1.04×", "12×", "20 %"]);
        assert_eq!([cut("checkout", 8), cut("checkouts", 8)], ["checkout", "checkou…"]);
    }

    #[test]
    fn images_and_commits_are_known_by_their_beginning() {
        let digest = "registry.fly.io/shop@sha256:0123456789abcdef0123456789abcdef";
        assert_eq!(image(digest), "sha256:0123456789ab");
        assert_eq!(image("registry.fly.io/shop:v2"), "shop:v2");
        assert_eq!(revision("0123456789abcdef0123"), "012345678");
        assert_eq!(revision("release/4"), "release/4");
    }
}
