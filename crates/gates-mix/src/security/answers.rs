//! What the parts of the security scan answered, and the one report that follows.
//!
//! One truth is enough for a refusal; a pass takes an answer from every part.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use pipeline_core::{Fault, Finding, Level, Outcome, Report, Severity};
use pipeline_process::one_line;

use super::advisories::{
    Advisories, AdvisoryError, Audit, Hit, Lock, Policy, Unreadable, blocks_nothing, hits,
};

/// The longest message, in bytes.
const LONGEST: usize = 400;

/// Everything that is known so far.
#[derive(Debug, Default)]
pub(super) struct Answers {
    hits: Vec<Hit>,
    pub(super) findings: Vec<Finding>,
    numbers: BTreeMap<String, f64>,
    /// Has any source of advisories answered wholly?
    compared: bool,
    /// Why others have not.
    not_compared: Vec<Fault>,
    /// Why nobody can tell about something else.
    pub(super) open: Vec<Fault>,
}

impl Answers {
    /// Takes what one source of advisories says of the lock.
    pub(super) fn advisories(&mut self, answer: Result<Advisories, AdvisoryError>, lock: &Lock) {
        let advisories = match answer {
            Ok(advisories) => advisories,
            Err(error) => return self.not_compared.push(error.into()),
        };
        self.hits.extend(hits(lock, &advisories.list));
        self.findings.extend(advisories.notes);
        if let Some(age) = advisories.age {
            self.age(age);
        }
        let about = |it: &&Unreadable| {
            it.package.as_ref().is_none_or(|name| lock.packages().any(|it| it.name == name))
        };
        let (about, others): (Vec<_>, Vec<_>) = advisories.unreadable.iter().partition(about);
        self.findings.extend(others.into_iter().map(not_read));
        if about.is_empty() {
            self.compared = true;
        } else {
            let files = about.into_iter().map(|it| format!("{} ({})", it.name, it.why));
            self.not_compared.push(AdvisoryError::Unreadable(files.collect()).into());
        }
    }

    /// Takes what a tool found; `None` where it is not there.
    pub(super) fn found(&mut self, answer: Result<Option<Vec<Hit>>, Fault>) {
        match answer {
            Ok(Some(hits)) => {
                self.hits.extend(hits);
                self.compared = true;
            }
            Ok(None) => {}
            Err(fault) => self.not_compared.push(fault),
        }
    }

    /// Takes the report of another part: its findings and its numbers.
    pub(super) fn report(&mut self, answer: Outcome) {
        match answer {
            Ok(report) => {
                self.findings.extend(report.findings().iter().cloned());
                self.numbers.extend(report.numbers().clone());
            }
            Err(fault) => self.open.push(fault),
        }
    }

    pub(super) fn number(&mut self, name: &str, count: usize) {
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 of them")]
        self.numbers.insert(name.to_owned(), count as f64);
    }

    /// The oldest counts.
    fn age(&mut self, age: Duration) {
        let known = self.numbers.entry("advisories_age_s".into()).or_default();
        *known = known.max(age.as_secs_f64().floor());
    }

    /// The report of all of it.
    pub(super) fn conclude(mut self, lock: &Lock, policy: &Policy, today: Date) -> Outcome {
        let audit = Audit::of(std::mem::take(&mut self.hits), policy, today);
        let numbers = audit.numbers.iter().map(|(name, it)| ((*name).to_owned(), *it));
        self.numbers.extend(numbers);
        self.number("packages", lock.packages().count());
        let mut findings = audit.findings;
        findings.append(&mut self.findings);
        let needed = lock.packages().next().is_some();
        if needed && !self.compared && self.not_compared.is_empty() {
            self.open.push(AdvisoryError::NoSource.into());
        }
        let (told, mut open) = if self.compared || !needed {
            (self.not_compared, self.open)
        } else {
            (Vec::new(), [self.not_compared, self.open].concat())
        };
        findings.extend(told.iter().map(unknown));
        if findings.iter().any(|it| it.level == Level::Blocking) {
            findings.extend(open.iter().map(unknown));
        } else if !open.is_empty() {
            return Err(open.swap_remove(0));
        }
        let report = judged(findings);
        Ok(self.numbers.into_iter().fold(report, |report, (name, it)| report.number(name, it)))
    }
}

/// Refused where a finding blocks, an alert where one is a warning. The worst come first.
fn judged(mut findings: Vec<Finding>) -> Report {
    findings.sort_by_key(|it| (it.level == Level::Advisory, std::cmp::Reverse(it.severity)));
    if findings.iter().any(|it| it.level == Level::Blocking) {
        return Report::refused_if_any(findings);
    }
    let mut findings = findings.into_iter();
    let first = findings.next();
    let report = match first {
        Some(first) if first.severity > Severity::Note => Report::alert(first),
        Some(first) => Report::passed().finding(first),
        None => Report::passed(),
    };
    findings.fold(report, Report::finding)
}

/// What one part could not tell, beside the answers of others.
fn unknown(fault: &Fault) -> Finding {
    let message = one_line(&format!("could not tell: {fault}"), LONGEST);
    let finding = Finding::warning(message).rule("security/unknown");
    let finding = Finding { remedy: fault.next_step().map(ToOwned::to_owned), ..finding };
    blocks_nothing(finding)
}

fn not_read(unreadable: &Unreadable) -> Finding {
    let Unreadable { name, why, .. } = unreadable;
    let message = format!("the advisory {name} cannot be read ({why}); its package is not locked");
    blocks_nothing(Finding::note(message)).rule("security/unreadable")
}

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
