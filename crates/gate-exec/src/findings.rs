//! The findings of a report while it is read: counted all, kept as far as anybody would look.

use pipeline_core::{Finding, Level, Report, Severity};

use crate::answer::{Answer, Reading};
use crate::error::Error;

/// So many findings are kept.
pub(crate) const MOST: usize = 10_000;
/// So many words of the tool about itself are kept.
const MOST_WORDS: usize = 20;

/// What was found so far.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    reading: &'a Reading<'a>,
    blocking: Vec<Finding>,
    advisory: Vec<Finding>,
    /// What the tool says about its own work.
    words: Vec<Finding>,
    errors: u64,
    warnings: u64,
    notes: u64,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(reading: &'a Reading<'a>) -> Self {
        let (blocking, advisory, words) = <(Vec<_>, Vec<_>, Vec<_>)>::default();
        Self { reading, blocking, advisory, words, errors: 0, warnings: 0, notes: 0 }
    }

    /// The answer that it is all from.
    pub(crate) fn reading(&self) -> &'a Reading<'a> {
        self.reading
    }

    /// Takes a finding as the report says it. A note blocks nothing.
    pub(crate) fn push(&mut self, finding: Finding) {
        let (count, kept) = match finding.severity {
            Severity::Error => (&mut self.errors, &mut self.blocking),
            Severity::Warning => (&mut self.warnings, &mut self.blocking),
            Severity::Note => (&mut self.notes, &mut self.advisory),
        };
        *count += 1;
        if kept.len() < MOST {
            kept.push(polished(finding, self.reading));
        }
    }

    /// Takes what the tool says about its own work: it blocks nothing, and people should know it.
    pub(crate) fn word(&mut self, finding: Finding) {
        if self.words.len() < MOST_WORDS {
            let finding = polished(finding, self.reading);
            self.words.push(Finding { level: Level::Advisory, ..finding });
        }
    }

    pub(crate) fn refuse(&self) -> bool {
        !self.blocking.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocking.is_empty() && self.advisory.is_empty()
    }

    /// How many of each severity.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 3] {
        [("errors", self.errors), ("warnings", self.warnings), ("notes", self.notes)]
    }

    /// What the tool says about its own work, in one line.
    pub(crate) fn words(&self) -> String {
        let words: Vec<_> = self.words.iter().map(|it| it.message.as_str()).collect();
        self.reading.line(&words.join("; "))
    }

    /// The answer that findings and exit code give together: without findings, only exit code 0 is a yes; with
    /// findings, any other code is a no. Counts all as the number `findings`.
    pub(crate) fn judged(mut self) -> Result<Report, Error> {
        let Answer { command, code, .. } = self.reading.answer;
        if *code != 0 && self.is_empty() {
            return Err(self.reading.unreadable("it names nothing that is wrong"));
        }
        if *code != 0 && !self.refuse() {
            let message =
                format!("`{command}` ended with exit code {code}, although it names only notes");
            self.blocking.push(Finding::error(message).rule("exit-code"));
        }
        let blocking = std::mem::take(&mut self.blocking);
        let report = if blocking.is_empty() && !self.words.is_empty() {
            Report::alert(self.words.remove(0))
        } else {
            Report::refused_if_any(blocking)
        };
        Ok(self.told_in(report))
    }

    /// Nobody looked at all that there was, and `why`: without a refusal, the answer.
    pub(crate) fn inconclusive(self, why: Finding) -> Report {
        self.told_in(Report::inconclusive(why))
    }

    /// The report with what blocks nothing, and the number of all.
    fn told_in(self, report: Report) -> Report {
        let all = self.counts().iter().map(|it| it.1).sum();
        let room = MOST.saturating_sub(report.findings().len());
        let told = self.words.into_iter().chain(self.advisory).take(room);
        number(told.fold(report, Report::finding), ("findings", all))
    }
}

/// Adds a count to a report.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 findings")]
pub(crate) fn number(report: Report, (name, count): (&str, u64)) -> Report {
    report.number(name, count as f64)
}

/// Text of the report, made safe.
fn polished(finding: Finding, reading: &Reading<'_>) -> Finding {
    let line =
        |text: Option<String>| text.map(|text| reading.line(&text)).filter(|it| !it.is_empty());
    let message = line(Some(finding.message)).unwrap_or("it does not say what is wrong".into());
    let level = if finding.severity == Severity::Note { Level::Advisory } else { finding.level };
    let (rule, remedy, file) = (line(finding.rule), line(finding.remedy), finding.file);
    let file = file.and_then(|file| reading.file(&file));
    let (line, column) = (finding.line.filter(|_| file.is_some()), finding.column);
    let column = column.filter(|_| line.is_some());
    Finding { rule, remedy, file, message, level, line, column, ..finding }
}
