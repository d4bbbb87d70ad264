//! What a command said, against what the documentation says it says.

use std::collections::VecDeque;
use std::sync::LazyLock;

use regex::Regex;

/// What differs from run to run, and what stands for it.
static VARYING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let varying = [
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( UTC|Z)?", "<when>"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<run>"),
        (r"\b[0-9a-f]{14}\b", "<machine>"),
        (r"\b[0-9a-f]{64}\b", "<digest>"),
        (r"\b01[0-9A-HJKMNP-TV-Z]{24}\b", "<ulid>"),
        (r"\b\d+(\.\d+)? ?((ms|s|m|h|min|MB|kB)\b|%)( \d+s\b)?", "<amount>"),
        (r"127\.0\.0\.1:\d+", "<address>"),
        (r"\s+", " "),
    ];
    let compiled = |(pattern, name)| (Regex::new(pattern).expect("a good pattern"), name);
    varying.into_iter().map(compiled).collect()
});

/// What begins the line of a step. Steps that run side by side end in any order.
const MARKS: &[char] = &['✓', '✗', '?', '!', '-', '~', '↩'];

/// The first line that was not said. The lines of each stream must come in this order; others may
/// come between, and lines of steps that follow each other may change places. In a line, and as a
/// line, `…` stands for anything; times, amounts and ids stand for any of their kind.
pub(crate) fn missing<'e>(expected: &'e [String], streams: [&str; 2]) -> Option<&'e str> {
    let mut streams = streams.map(|it| it.lines().map(steady).collect::<VecDeque<_>>());
    let wanted = expected.iter().filter(|it| !it.trim().is_empty() && it.trim() != "…");
    let wanted: Vec<_> = wanted.map(String::as_str).collect();
    let mut groups = wanted.chunk_by(|one, next| is_step(one) && is_step(next));
    groups.find_map(|group| take(group, &mut streams))
}

fn is_step(line: &str) -> bool {
    line.starts_with(' ') && line.trim_start().starts_with(MARKS)
}

/// Takes what was said up to the last line of the group, or names the line that is not there.
fn take<'e>(group: &[&'e str], streams: &mut [VecDeque<String>; 2]) -> Option<&'e str> {
    let mut heard = [0, 0];
    for line in group {
        let pattern = pattern(line);
        let found = streams.iter_mut().zip(&mut heard).find_map(|(said, heard)| {
            let at = said.iter().position(|it| pattern.is_match(it))?;
            // A line answers for one expected line only.
            said[at].clear();
            *heard = (*heard).max(at + 1);
            Some(())
        });
        if found.is_none() {
            return Some(line);
        }
    }
    for (said, heard) in streams.iter_mut().zip(heard) {
        drop(said.drain(..heard));
    }
    None
}

fn pattern(line: &str) -> Regex {
    let pieces: Vec<_> = line.split('…').map(|it| regex::escape(&steady(it))).collect();
    let pattern = pieces.join(".*");
    Regex::new(&format!("^{}$", pattern.trim())).expect("escaped text is a pattern")
}

fn steady(line: &str) -> String {
    let varying = VARYING.iter();
    varying
        .fold(line.to_owned(), |line, (pattern, name)| {
            pattern.replace_all(&line, *name).into_owned()
        })
        .trim()
        .to_owned()
}

#[test]
fn what_varies_does_not_matter_and_all_else_does() {
    let said = "validate\n  ✓ test   0.8s   95 tests · coverage 95.7 %\nv2: 2026-11-28 16:49 UTC | staging | PASS | 1m 16s\n";
    let missing = |line: &str| missing(&[line.to_owned()], [said, ""]).is_some();
    assert!(!missing("  ✓ test  12.1s  95 tests · coverage 95.7 %"));
    assert!(!missing("v2: 2020-01-01 00:00 UTC | staging | PASS | 4m 12s"));
    assert!(!missing("  ✓ test  …"));
    assert!(missing("  ✓ test  0.8s  96 tests · coverage 95.7 %"));
    assert!(missing("v2: 2020-01-01 00:00 UTC | staging | FAIL | 4m 12s"));
    assert!(missing("  ✗ test  …"));
    let order = ["v2: …", "validate"].map(str::to_owned);
    assert_eq!(super::compare::missing(&order, [said, ""]), Some("validate"));
    assert_eq!(
        super::compare::missing(&order, ["validate", said]),
        None,
        "streams have orders of their own"
    );
}

#[test]
fn steps_side_by_side_end_in_any_order_and_stay_in_their_phase() {
    let said =
        "validate\n  ✓ unused 1s\n  ✓ format 1s\nverify\n  ✓ smoke 1s\nverify\n  ✓ smoke 1s\n";
    let missing = |lines: &str| {
        let expected: Vec<_> = lines.lines().map(str::to_owned).collect();
        missing(&expected, [said, ""]).map(str::to_owned)
    };
    assert_eq!(missing("validate\n  ✓ format 2s\n  ✓ unused 3s\nverify\n  ✓ smoke 1s"), None);
    assert_eq!(missing("  ✓ smoke 1s\nvalidate"), Some("validate".to_owned()));
    assert_eq!(missing("verify\n  ✓ format 1s"), Some("  ✓ format 1s".to_owned()));
    let twice = "  ✓ format 1s\n  ✓ format 1s";
    assert_eq!(missing(twice), Some("  ✓ format 1s".to_owned()), "one line is one answer");
}
