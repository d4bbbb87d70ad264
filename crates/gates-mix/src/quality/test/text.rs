//! What `ExUnit` prints for people, for runs that our formatter could not report.

use super::suite::{Failed, Suite};
use crate::diagnostics::Spot;
use pipeline_process::one_line;

/// The longest message, in bytes.
const LONGEST: usize = 500;
/// Mix's words where it has no test to run; the second with `--stale`.
pub(super) const NONE: [&str; 2] = ["There are no tests to run", "No stale tests"];

/// Reads the summaries and the failures, application by application.
pub(super) fn read(text: &str) -> Vec<Suite> {
    let mut reader = Reader::default();
    let lines: Vec<_> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        reader.take(line, &lines[at + 1..]);
    }
    reader.end();
    reader.suites
}

#[derive(Default)]
struct Reader {
    app: Option<String>,
    current: Suite,
    suites: Vec<Suite>,
}

impl Reader {
    fn take(&mut self, line: &str, below: &[&str]) {
        if let Some(app) = line.strip_prefix("==> ") {
            self.end();
            self.app = Some(app.trim().to_owned());
        } else if let Some(name) = failure(line) {
            self.current.failed.push(failed(name, below));
        } else if NONE.iter().any(|it| line.starts_with(it)) {
            self.current.ended = true;
        } else if let Some(counts) = summary(line) {
            self.count(&counts);
        } else if let Some(failures) = line.strip_prefix("Failed: ").and_then(leading) {
            self.current.failures = failures;
        } else if let Some(seed) = seed(line) {
            self.current.seed = Some(seed);
        }
    }

    fn count(&mut self, counts: &[(u64, String)]) {
        let of = |words: &[&str]| {
            let named = counts.iter().filter(|(_, word)| words.contains(&word.as_str()));
            named.map(|(number, _)| number).sum::<u64>()
        };
        let suite = &mut self.current;
        suite.failures = of(&["failures", "failure"]);
        suite.invalid = of(&["invalid"]);
        suite.skipped = of(&["skipped"]);
        suite.excluded = of(&["excluded"]);
        let ran = of(&["passed"]);
        suite.tests = match ran {
            0 => of(&["doctests", "doctest", "properties", "property", "tests", "test"]),
            // "4/13 passed" counts only those that ran.
            ran => ran + suite.invalid + suite.skipped + suite.excluded,
        };
        suite.ended = true;
    }

    /// The application's block is over.
    fn end(&mut self) {
        let suite = std::mem::take(&mut self.current);
        if suite != Suite::default() {
            self.suites.push(Suite { app: self.app.clone(), ..suite });
        }
    }
}

/// `1 doctest, 16 tests, 9 failures, 2 invalid`, or since 1.19 `Result: 4/13 passed (…), 2 invalid`.
fn summary(line: &str) -> Option<Vec<(u64, String)>> {
    let (counts, newer) = match line.strip_prefix("Result: ") {
        Some(counts) => (without_brackets(counts), true),
        None => (line.to_owned(), false),
    };
    let count = |part: &str| {
        let (number, word) = part.trim().split_once(' ')?;
        let number = number.rsplit('/').next()?.parse().ok()?;
        word.bytes().all(|it| it.is_ascii_lowercase()).then(|| (number, word.to_owned()))
    };
    let counts: Vec<_> = counts.split(", ").map(count).collect::<Option<_>>()?;
    let says = |words: [&str; 2]| counts.iter().any(|(_, word)| words.contains(&word.as_str()));
    (newer || says(["failures", "failure"])).then_some(counts)
}

fn without_brackets(text: &str) -> String {
    match (text.find(" ("), text.find(')')) {
        (Some(open), Some(close)) if open < close => {
            format!("{}{}", &text[..open], &text[close + 1..])
        }
        _ => text.to_owned(),
    }
}

/// `Randomized with seed 0` or `Running ExUnit with seed: 0, max_cases: 4`.
fn seed(line: &str) -> Option<u64> {
    let begins = ["Randomized with seed ", "Running ExUnit with seed: "];
    leading(begins.iter().find_map(|it| line.strip_prefix(*it))?)
}

fn leading(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

/// `  1) test adds (CartTest)` gives `test adds (CartTest)`.
fn failure(line: &str) -> Option<&str> {
    let (number, name) = line.strip_prefix("  ")?.split_once(") ")?;
    let is_number = number.trim_start().bytes().all(|it| it.is_ascii_digit());
    let is_test = name.ends_with(')') || name.contains(": failure on setup_all callback");
    (is_number && !number.trim().is_empty() && is_test).then_some(name)
}

/// Reads a failure from the lines below its name.
fn failed(name: &str, below: &[&str]) -> Failed {
    let block = below.iter().take_while(|it| it.is_empty() || it.starts_with("     "));
    let mut block = block.take(200).map(|line| line.trim()).filter(|line| !line.is_empty());
    if let Some((module, _)) = name.split_once(": failure on setup_all") {
        let (message, line) = message_and_place(block, None);
        let (file, line) = line.map_or((None, None), |spot| (Some(spot.file), spot.line));
        return Failed { name: format!("setup_all ({module})"), message, file, starts: None, line };
    }
    let spot = block.next().and_then(Spot::read).map(|(spot, _)| spot);
    let (message, place) = message_and_place(block, spot.as_ref());
    let (file, starts) = spot.map_or((None, None), |spot| (Some(spot.file), spot.line));
    let line = place.and_then(|spot| spot.line).or(starts);
    Failed { name: name.to_owned(), message, file, starts, line }
}

/// What was wrong, and the first line of the stack that is in the test's file.
fn message_and_place<'a>(
    mut block: impl Iterator<Item = &'a str>,
    test: Option<&Spot>,
) -> (String, Option<Spot>) {
    let mut message = Vec::new();
    for line in block.by_ref().take_while(|line| *line != "stacktrace:") {
        message.push(line);
    }
    // Umbrellas name the test from the root, and the stack from the application.
    let is_of_test = |spot: &Spot| test.is_none_or(|test| test.file.ends_with(&spot.file));
    let place = block.filter_map(Spot::read).map(|(spot, _)| spot).find(is_of_test);
    (one_line(&message.join(" "), LONGEST), place)
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
