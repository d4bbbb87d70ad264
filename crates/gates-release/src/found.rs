//! What several rules of one gate found, and the one answer that it comes to.

use pipeline_core::{Finding, Report};

/// What was found, by what it means.
#[derive(Debug, Default)]
pub(crate) struct Found {
    no: Vec<Finding>,
    unknown: Vec<Finding>,
    told: Vec<Finding>,
}

impl Found {
    /// A rule that says no: what was wanted and is not, and what mends it.
    pub(crate) fn no(&mut self, rule: &str, message: String, remedy: impl Into<String>) {
        self.no.push(Finding::error(message).rule(rule).remedy(remedy));
    }

    /// A rule of which nobody can tell, and what helps.
    pub(crate) fn unknown(&mut self, rule: &str, message: String, remedy: impl Into<String>) {
        self.unknown.push(Finding::warning(message).rule(rule).remedy(remedy));
    }

    /// Something that people should know and that keeps nothing from going on.
    pub(crate) fn told(&mut self, rule: &str, message: String) {
        self.told.push(Finding::warning(message).rule(rule));
    }

    /// The worst of them is the answer, and all of them stand in it.
    pub(crate) fn report(self) -> Report {
        let Self { no, unknown, told } = self;
        let first: fn(Finding) -> Report = if !no.is_empty() {
            Report::refused
        } else if !unknown.is_empty() {
            Report::inconclusive
        } else {
            Report::alert
        };
        let mut findings = no.into_iter().chain(unknown).chain(told);
        match findings.next() {
            Some(finding) => findings.fold(first(finding), Report::finding),
            None => Report::passed(),
        }
    }
}
