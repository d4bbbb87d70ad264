//! Lines of an output that match a regular expression.

use pipeline_core::{Finding, Report, Severity};
use pipeline_process::clean;
use regex::{Captures, Regex};

use crate::answer::Reading;
use crate::error::Error;
use crate::findings::{Findings, number};

/// The names that groups may have.
pub(crate) const GROUPS: [&str; 6] = ["file", "line", "column", "severity", "rule", "message"];

/// What tools call a finding that blocks nothing. Any other word blocks: nobody knows what it means.
const NOTES: [&str; 11] = [
    "note",
    "n",
    "info",
    "i",
    "information",
    "hint",
    "help",
    "style",
    "suggestion",
    "notice",
    "debug",
];
/// What tools call a finding that must be mended. Any other that blocks is a warning.
const ERRORS: [&str; 7] = ["error", "err", "e", "fatal", "critical", "failure", "high"];

/// Refuses a group that would never be read: a name with a slip in it.
pub(crate) fn check(pattern: &Regex) -> Result<(), Error> {
    match pattern.capture_names().flatten().find(|name| !GROUPS.contains(name)) {
        Some(group) => Err(Error::Group { group: group.to_owned() }),
        None => Ok(()),
    }
}

pub(crate) fn read(reading: &Reading<'_>, pattern: &Regex) -> Result<Report, Error> {
    let mut findings = Findings::new(reading);
    for line in reading.text().lines() {
        // Colours and the like would keep the pattern from matching.
        let line = clean(line.as_bytes());
        if line.trim().is_empty() {
            continue;
        }
        if let Some(groups) = pattern.captures(&line) {
            findings.push(finding(&groups, &line));
        }
    }
    let counts = findings.counts();
    Ok(counts.into_iter().fold(findings.judged()?, number))
}

fn finding(groups: &Captures<'_>, line: &str) -> Finding {
    let said = |name| groups.name(name).map(|it| it.as_str().trim()).filter(|it| !it.is_empty());
    let position = |name| said(name)?.parse().ok().filter(|number| *number > 0);
    let message = said("message").unwrap_or(line);
    let finding = match said("severity").map_or(Severity::Error, severity) {
        Severity::Error => Finding::error(message),
        Severity::Warning => Finding::warning(message),
        Severity::Note => Finding::note(message),
    };
    Finding {
        rule: said("rule").map(ToOwned::to_owned),
        file: said("file").map(ToOwned::to_owned),
        line: position("line"),
        column: position("column"),
        ..finding
    }
}

fn severity(word: &str) -> Severity {
    let is = |known: &&str| word.eq_ignore_ascii_case(known);
    if NOTES.iter().any(is) {
        Severity::Note
    } else if ERRORS.iter().any(is) {
        Severity::Error
    } else {
        Severity::Warning
    }
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
