//! The lines that our formatter writes: one JSON object each.

use std::convert::Infallible;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use pipeline_core::Context;
use serde::Deserialize;

use super::suite::{Failed, Suite};
use crate::error::Error;
use pipeline_process::{Redactor, clean, one_line};

/// How often to look how far the tests are.
const LOOK: Duration = Duration::from_millis(250);
/// More events than this are not read, in bytes: about a quarter of a million tests.
const LONGEST: u64 = 128 * 1024 * 1024;
/// The longest message, in bytes.
const LONGEST_MESSAGE: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    Suite { app: Option<String>, seed: Option<u64> },
    Test(Test),
    Module(Module),
    End { app: Option<String>, covered: Option<u64>, missed: Option<u64> },
}

#[derive(Debug, Deserialize)]
struct Test {
    outcome: TestOutcome,
    module: String,
    name: String,
    file: Option<String>,
    starts: Option<u32>,
    line: Option<u32>,
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TestOutcome {
    Passed,
    Failed,
    Skipped,
    Excluded,
    Invalid,
}

#[derive(Debug, Deserialize)]
struct Module {
    #[serde(rename = "module")]
    name: String,
    file: Option<String>,
    line: Option<u32>,
    message: Option<String>,
}

/// Reads the events. What is none is left out: an answer that lacks its end is noticed by whoever judges.
pub(super) fn read(text: &str, redactor: &Redactor) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    let safe = |text: &str| one_line(&redactor.hide(&clean(text.as_bytes())), LONGEST_MESSAGE);
    for event in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        if let Event::Suite { app, seed } = event {
            suites.push(Suite { app, seed, ..Suite::default() });
        } else if let Some(suite) = suites.last_mut() {
            suite.hear(event, safe);
        }
    }
    suites
}

impl Suite {
    fn hear(&mut self, event: Event, safe: impl Fn(&str) -> String) {
        match event {
            Event::Test(test) => self.hear_test(test, safe),
            Event::Module(module) => self.failed.push(Failed {
                name: safe(&format!("setup_all ({})", module.name)),
                message: safe(&module.message.unwrap_or_default()),
                file: module.file,
                starts: None,
                line: module.line,
            }),
            Event::End { app, covered, missed } if app == self.app => {
                self.lines = covered.zip(missed);
                self.ended = true;
            }
            Event::End { .. } | Event::Suite { .. } => {}
        }
    }

    fn hear_test(&mut self, test: Test, safe: impl Fn(&str) -> String) {
        self.tests += 1;
        match test.outcome {
            TestOutcome::Passed => {}
            TestOutcome::Skipped => self.skipped += 1,
            TestOutcome::Excluded => self.excluded += 1,
            TestOutcome::Invalid => self.invalid += 1,
            TestOutcome::Failed => {
                self.failures += 1;
                self.failed.push(Failed {
                    name: safe(&format!("{} ({})", test.name, test.module)),
                    message: safe(&test.message.unwrap_or_default()),
                    file: test.file,
                    starts: test.starts,
                    line: test.line,
                });
            }
        }
    }
}

/// The whole file.
pub(super) fn load(path: &Path) -> Result<String, Error> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Tells how many tests are done. Of how many, `ExUnit` does not say: last time knows.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    path: &'a Path,
    cx: &'a Context,
    /// How much of the file was read, in bytes.
    read: u64,
    done: u64,
}

impl<'a> Progress<'a> {
    pub(super) fn of(path: &'a Path, cx: &'a Context) -> Self {
        Self { path, cx, read: 0, done: 0 }
    }

    /// Tells it again and again, while they run.
    pub(super) async fn follow(&mut self) -> Infallible {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look();
        }
    }

    /// Tells it if there are more than at the last look.
    pub(super) fn look(&mut self) {
        let new = since(self.path, &mut self.read).unwrap_or_default();
        if new > 0 {
            self.done += new;
            let earlier = self.cx.earlier().and_then(|it| it.numbers.get("tests").copied());
            self.cx.progress(self.done, expected(earlier, self.done));
        }
    }
}

/// How many tests there will be: as many as there were, until there are more.
fn expected(earlier: Option<f64>, done: u64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is no count becomes 0 or the most, and so none"
    )]
    let tests = earlier? as u64;
    (done <= tests && tests < u64::MAX).then_some(tests)
}

/// How many tests were written since.
fn since(path: &Path, read: &mut u64) -> std::io::Result<u64> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(*read))?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    // A line that has only begun is counted the next time.
    let whole = bytes.iter().rposition(|it| *it == b'\n').map_or(0, |at| at + 1);
    *read += whole as u64;
    let lines = bytes[..whole].split(|it| *it == b'\n');
    let needle = br#""event":"test""#;
    Ok(lines.filter(|line| line.windows(needle.len()).any(|it| it == needle)).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_tests_as_last_time_until_there_are_more() {
        for (earlier, done, expect) in [
            (Some(3.0), 1, Some(3)),
            (Some(3.0), 3, Some(3)),
            (Some(3.0), 4, None),
            (Some(0.0), 1, None),
            (Some(-3.0), 1, None),
            (Some(f64::NAN), 1, None),
            (Some(f64::INFINITY), 1, None),
            (None, 1, None),
        ] {
            assert_eq!(expected(earlier, done), expect, "{done} of {earlier:?}");
        }
    }
}
