//! What a scan brings: each pillar with its status, and every violation.

use std::time::Duration;

use pipeline_core::{Level, Verdict};

use super::documented::Documented;
use super::rule::Violation;

/// How a pillar stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All rules that block are kept; of an advisory pillar, all rules.
    Pass,
    /// One is not.
    Fail,
    /// There is nothing that it could look at.
    NotApplicable,
    /// It was not asked for.
    Skipped,
    /// A file could not be read, so it cannot be told.
    Error,
}

impl Status {
    /// As it is written in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotApplicable => "not_applicable",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }
}

/// One pillar after a scan.
#[derive(Clone, Debug)]
pub struct PillarResult {
    /// Its code.
    pub code: String,
    /// Its name in words.
    pub name: String,
    /// Does it block? `None` for one that is never evaluated.
    pub level: Option<Level>,
    /// How it stands.
    pub status: Status,
    /// Why it could not be looked at, where it could not.
    pub why: Option<String>,
    /// How many violations are not suppressed.
    pub violations: usize,
    /// How many are.
    pub suppressed: usize,
    /// How long it took, over all threads.
    pub took: Duration,
}

/// A violation that somebody decided to live with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The violation.
    pub violation: Violation,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// What a scan brought.
#[derive(Clone, Debug, Default)]
pub struct Scanned {
    /// All pillars, also those that were not asked for.
    pub pillars: Vec<PillarResult>,
    /// All violations: the gravest pillars first, then by place.
    pub violations: Vec<Violation>,
    /// Those that a comment suppresses.
    pub suppressed: Vec<Suppressed>,
    /// Files that could not be read as what they are, and why.
    pub unread: Vec<(String, Option<u32>, String)>,
    /// How many files were looked at.
    pub files: usize,
    /// How many lines of Elixir.
    pub lines: usize,
    /// How many files with code have the test that is expected, and how many should: `(with, all)`.
    pub tested: (usize, usize),
    /// How many modules and public functions of the code are documented.
    pub documented: Documented,
}

impl Scanned {
    /// The pillars that can be passed and were looked at.
    pub fn evaluated(&self) -> impl Iterator<Item = &PillarResult> {
        let counts =
            |it: &&PillarResult| matches!(it.status, Status::Pass | Status::Fail | Status::Error);
        self.pillars.iter().filter(counts)
    }

    /// Refused where a pillar that blocks is not kept; inconclusive where one could not be told.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let blocking = |status| {
            self.pillars.iter().any(|it| it.status == status && it.level == Some(Level::Blocking))
        };
        match (blocking(Status::Fail), blocking(Status::Error)) {
            (true, _) => Verdict::Refused,
            (false, true) => Verdict::Inconclusive,
            (false, false) => Verdict::Passed,
        }
    }
}
