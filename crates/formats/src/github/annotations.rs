//! The worst findings as annotations beside the code.

use std::collections::BTreeSet;

use pipeline_core::{Account, Finding, Level, Severity, StepEnd};

use super::command::{data, property};
use crate::label::{cause, stepless};
use crate::text;

/// GitHub shows no more of one step of a workflow, and says nothing about the rest.
pub const MOST_ANNOTATIONS: usize = 10;

/// One thing to annotate, and how bad it is: the worst are those with the smallest rank.
struct Note<'a> {
    rank: u8,
    file: Option<&'a Finding>,
    title: String,
    message: String,
}

/// The worst of a run as lines for the log of a workflow: whatever stopped it first, then findings by how bad they are, in
/// their order. Files are relative to the project, and `within` says where that is in the repository.
#[must_use]
pub fn annotations(account: &Account, within: &str) -> Vec<String> {
    let mut notes = notes(account);
    notes.sort_by_key(|it| it.rank);
    notes.truncate(MOST_ANNOTATIONS);
    notes.iter().map(|it| it.line(within)).collect()
}

fn notes(account: &Account) -> Vec<Note<'_>> {
    let mut seen = BTreeSet::new();
    let mut notes = Vec::new();
    for (phase, step) in account.steps() {
        let Some(StepEnd::Done { outcome, required, .. }) = &step.end else { continue };
        match outcome {
            Err(fault) => notes.push(Note {
                rank: if *required { 0 } else { 3 },
                file: None,
                title: format!("{} ({})", step.name, phase.name()),
                message: text::fault(fault),
            }),
            Ok(report) => {
                for it in report.findings() {
                    let key = (&step.name, it.place(), &it.message, &it.rule);
                    if seen.insert(key) {
                        notes.push(note(it, &step.name, *required));
                    }
                }
            }
        }
    }
    let stepless = stepless(account).into_iter();
    notes.extend(stepless.map(|(_, it)| Note {
        rank: 0,
        file: None,
        title: format!("{} ({})", it.step, it.phase.name()),
        message: cause(&it.cause),
    }));
    notes
}

fn note<'a>(finding: &'a Finding, step: &str, required: bool) -> Note<'a> {
    let rank = match (finding.severity, finding.level) {
        (Severity::Error, Level::Blocking) if required => 1,
        (Severity::Error, _) => 2,
        (Severity::Warning, _) => 3,
        (Severity::Note, _) => 4,
    };
    let title =
        finding.rule.as_ref().map_or_else(|| step.to_owned(), |rule| format!("{step}: {rule}"));
    let mut message = finding.message.clone();
    if let Some(remedy) = &finding.remedy {
        message.extend(["\nnext: ", remedy]);
    }
    Note { rank, file: Some(finding), title, message }
}

impl Note<'_> {
    fn line(&self, within: &str) -> String {
        let kind = match self.rank {
            0 | 1 => "error",
            2 | 3 => "warning",
            _ => "notice",
        };
        let mut properties = Vec::new();
        if let Some((finding, file)) = self.file.and_then(|it| Some((it, it.file.as_ref()?))) {
            properties.push(format!("file={}", property(&path(within, file))));
            let numbers = [("line", finding.line), ("col", finding.column)];
            let known =
                numbers.iter().map_while(|(name, it)| Some((name, (*it).filter(|it| *it > 0)?)));
            properties.extend(known.map(|(name, it)| format!("{name}={it}")));
        }
        properties.push(format!("title={}", property(&self.title)));
        format!("::{kind} {}::{}", properties.join(","), data(&self.message))
    }
}

fn path(within: &str, file: &str) -> String {
    if file.starts_with('/') { file.to_owned() } else { format!("{within}{file}") }
}

#[cfg(test)]
#[path = "annotations_tests.rs"]
mod tests;
