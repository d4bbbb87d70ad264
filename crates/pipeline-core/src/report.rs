//! What a gate or a verifier answers: a verdict, and what it rests on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::finding::{Check, Evidence, Finding};

/// An answer, or the reason that there is none.
pub type Outcome = Result<Report, Fault>;

/// The four answers. A [`Fault`] is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Good.
    Passed,
    /// Good enough to go on; people should be told.
    Alert,
    /// It looked and could not tell. Never a pass and never a failure.
    Inconclusive,
    /// No.
    Refused,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Alert => "alert",
            Self::Inconclusive => "inconclusive",
            Self::Refused => "refused",
        })
    }
}

/// An answer with its findings, numbers, checks and evidence.
///
/// ```
/// use pipeline_core::{Finding, Report, Verdict};
///
/// let report = Report::refused(Finding::error("1 test failed").at("test/cart_test.exs", 12))
///     .number("tests", 40.0);
/// assert_eq!(report.verdict(), Verdict::Refused);
/// assert_eq!(report.findings()[0].line, Some(12));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    verdict: Verdict,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    numbers: BTreeMap<String, f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Check>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<Evidence>,
}

impl Report {
    /// Yes.
    #[must_use]
    pub fn passed() -> Self {
        Self::of(Verdict::Passed, Vec::new())
    }

    /// Yes, but people should know `why`.
    #[must_use]
    pub fn alert(why: Finding) -> Self {
        Self::of(Verdict::Alert, vec![why])
    }

    /// No, and `why`: a refusal always carries a finding.
    #[must_use]
    pub fn refused(why: Finding) -> Self {
        Self::of(Verdict::Refused, vec![why])
    }

    /// It looked and could not tell, and `why`.
    #[must_use]
    pub fn inconclusive(why: Finding) -> Self {
        Self::of(Verdict::Inconclusive, vec![why])
    }

    /// Passed without findings, else refused with all of them.
    #[must_use]
    pub fn refused_if_any(findings: Vec<Finding>) -> Self {
        let verdict = if findings.is_empty() { Verdict::Passed } else { Verdict::Refused };
        Self::of(verdict, findings)
    }

    /// The report of several checks: its verdict is the worst of theirs, and each check that did not pass
    /// becomes a finding, so that a refusal never lacks one.
    #[must_use]
    pub fn of_checks(checks: Vec<Check>) -> Self {
        let verdict = checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Passed);
        let findings = checks.iter().filter_map(Check::finding).collect();
        Self { checks, ..Self::of(verdict, findings) }
    }

    /// The same report with other answers of its checks: its verdict is the worst of theirs, the findings of
    /// the checks are made anew, and everything else stays. A report without checks stays as it is.
    #[must_use]
    pub fn with_checks(self, change: impl FnMut(Check) -> Check) -> Self {
        if self.checks.is_empty() {
            return self;
        }
        let mut own = self.findings;
        for told in self.checks.iter().filter_map(Check::finding) {
            if let Some(at) = own.iter().position(|it| *it == told) {
                own.remove(at);
            }
        }
        let mut weighed = Self::of_checks(self.checks.into_iter().map(change).collect());
        weighed.findings.extend(own);
        Self { numbers: self.numbers, evidence: self.evidence, ..weighed }
    }

    /// Adds a finding; the verdict stays.
    #[must_use]
    pub fn finding(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }

    /// Adds a number that history can follow, such as `coverage` in per cent. One that is not finite says
    /// nothing, and is left out.
    #[must_use]
    pub fn number(mut self, name: impl Into<String>, value: f64) -> Self {
        if value.is_finite() {
            self.numbers.insert(name.into(), value);
        }
        self
    }

    /// Adds something to look at: an output, a response.
    #[must_use]
    pub fn evidence(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// The answer itself.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// May the run go on?
    #[must_use]
    pub fn lets_pass(&self) -> bool {
        matches!(self.verdict, Verdict::Passed | Verdict::Alert)
    }

    /// What was found, in the order it was found.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The numbers, by name.
    #[must_use]
    pub fn numbers(&self) -> &BTreeMap<String, f64> {
        &self.numbers
    }

    /// The single checks of a verifier.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// What there is to look at.
    #[must_use]
    pub fn all_evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    fn of(verdict: Verdict, findings: Vec<Finding>) -> Self {
        Self {
            verdict,
            findings,
            numbers: BTreeMap::new(),
            checks: Vec::new(),
            evidence: Vec::new(),
        }
    }
}
