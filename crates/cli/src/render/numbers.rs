//! The numbers of a report that a person wants beside its step: pure.

use pipeline_core::{Report, Verdict};

use super::took;

/// How a number is said.
type Say = fn(f64) -> String;

/// The numbers a person wants beside a step.
pub(super) fn numbers(report: &Report) -> Vec<String> {
    let known: [(&str, Say); 12] = [
        ("score", |n| format!("score {n:.1}")),
        ("files", |n| plural(n, "file")),
        ("errors", |n| plural(n, "error")),
        ("issues", |n| plural(n, "issue")),
        ("cycles", |n| plural(n, "cycle")),
        ("tests", |n| plural(n, "test")),
        ("failures", |n| plural(n, "failure")),
        ("warnings", |n| plural(n, "warning")),
        ("skipped", |n| format!("{n} skipped")),
        ("excluded", |n| format!("{n} excluded")),
        ("coverage", |n| format!("coverage {n:.1} %")),
        ("traffic_back_ms", |n| format!("traffic back after {}", took(millis(n)))),
    ];
    let worth = |name: &str, n: f64| n > 0.0 || matches!(name, "tests" | "coverage");
    let mut said: Vec<String> = known
        .iter()
        .filter_map(|(name, say)| report.numbers().get(*name).map(|n| (*name, *n, say)))
        .filter(|(name, n, _)| worth(name, *n))
        .map(|(_, n, say)| say(n))
        .collect();
    if !report.checks().is_empty() {
        let count = |verdict| report.checks().iter().filter(|it| it.verdict == verdict).count();
        let (passed, alerts) = (count(Verdict::Passed), count(Verdict::Alert));
        said.push(format!("{passed} of {} checks passed", report.checks().len()));
        if let Some(alerts) = u32::try_from(alerts).ok().filter(|it| *it > 0) {
            said.push(plural(f64::from(alerts), "alert"));
        }
    }
    said
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a length of time: whole, not negative, and small"
)]
fn millis(n: f64) -> u64 {
    n as u64
}

#[expect(clippy::float_cmp, reason = "a count of exactly one")]
fn plural(n: f64, word: &str) -> String {
    if n == 1.0 { format!("1 {word}") } else { format!("{n} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_back_says_how_soon_users_had_the_old_release_again() {
        let report = |ms: f64| Report::passed().number("traffic_back_ms", ms);
        assert_eq!(numbers(&report(804.0)), ["traffic back after 0.8s"]);
        assert_eq!(numbers(&report(63_000.0)), ["traffic back after 1m 03s"]);
        assert_eq!(numbers(&Report::passed()), Vec::<String>::new());
    }
}
