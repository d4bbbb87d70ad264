//! How the answer of a command is read.

use std::collections::BTreeSet;
use std::fmt;

use pipeline_core::Report;
use regex::Regex;

use crate::answer::Reading;
use crate::error::Error;
use crate::{exit_code, junit, pattern, sarif};

/// How the answer of a command is read. What each one takes for a yes and a no stands at its variant.
#[derive(Clone, Debug)]
pub enum Reader {
    /// Exit code 0 passed. A code of `refuse` is a "no": one finding with the last lines of what was said. Every
    /// other code says nothing about the project, and is a fault.
    ExitCode {
        /// Which codes are a "no"; never 0.
        refuse: BTreeSet<i32>,
    },
    /// SARIF 2.1.0. A result of level `error` or `warning` refuses; `note` and `none` are told and block
    /// nothing, as are results that wait for a person (kind `open`, `review`) or only inform.
    ///
    /// A result without a level has that of its rule, else it is a warning, and so is one whose level nobody
    /// knows. Left out are results that are suppressed (unless the suppression is under review or rejected), that
    /// the baseline calls absent, or whose kind is `pass` or `notApplicable`. Levels that only an invocation overrides are
    /// not looked at.
    ///
    /// A run that says it did not succeed is a fault with its notifications, unless it refuses already. Errors that a
    /// successful run notes about itself make a pass an alert. A report without a run, or with a run without
    /// results, is inconclusive.
    Sarif,
    /// `JUnit` XML, `testsuites` or `testsuite`. Each `failure` and `error` of a test or a suite is a finding. Where
    /// no test ran, because there is none or all are skipped, it is inconclusive. A report that counts failures and
    /// names none is a fault.
    Junit,
    /// Each line that matches is a finding. Groups may be named `file`, `line`, `column`, `severity`, `rule` and
    /// `message`, which is the whole line where it is not said.
    ///
    /// A severity of `note`, `info`, `information`, `hint`, `help`, `style`, `suggestion`, `notice`, `debug` or their first letter
    /// `n` or `i` is told and blocks nothing; any other refuses, and so does none.
    Regex(Regex),
}

impl Reader {
    /// Reads lines by this pattern, as [`Reader::Regex`] says. A group with another name is refused.
    pub fn regex(pattern: &str) -> Result<Self, Error> {
        let failed = |source| Error::Pattern { pattern: pattern.to_owned(), source };
        let regex = Regex::new(pattern).map_err(failed)?;
        pattern::check(&regex)?;
        Ok(Self::Regex(regex))
    }

    /// The answer, or why there is none.
    pub(crate) fn read(&self, reading: &Reading<'_>) -> Result<Report, Error> {
        match self {
            Self::ExitCode { refuse } => exit_code::read(reading, refuse),
            Self::Sarif => sarif::read(reading),
            Self::Junit => junit::read(reading),
            Self::Regex(regex) => pattern::read(reading, regex),
        }
    }
}

/// Exit code 1 is a "no".
impl Default for Reader {
    fn default() -> Self {
        Self::ExitCode { refuse: [1].into() }
    }
}

/// As the configuration says it.
impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExitCode { refuse } => {
                let codes: Vec<_> = refuse.iter().map(ToString::to_string).collect();
                write!(f, "exit-code [{}]", codes.join(", "))
            }
            Self::Sarif => f.write_str("sarif"),
            Self::Junit => f.write_str("junit"),
            Self::Regex(pattern) => write!(f, "regex {pattern}"),
        }
    }
}

/// Two patterns are the same when they are written the same.
impl PartialEq for Reader {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ExitCode { refuse: one }, Self::ExitCode { refuse: two }) => one == two,
            (Self::Sarif, Self::Sarif) | (Self::Junit, Self::Junit) => true,
            (Self::Regex(one), Self::Regex(two)) => one.as_str() == two.as_str(),
            _ => false,
        }
    }
}
