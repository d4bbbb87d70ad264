//! What is said about a run, line by line: pure. Where the lines go is somebody else's business.

use std::collections::BTreeSet;

use pipeline_core::{
    Cause, Event, EventKind, Failure, Fault, FaultKind, Finding, Outcome, Phase, Report, Severity,
    Verdict,
};

use super::decision::decision;
use super::style::{Tone, took};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// Failures only.
    Quiet,
    /// Each step's end.
    Normal,
    /// What the steps say, too.
    Verbose,
}

/// One line: pieces of text, each in its tone.
pub(crate) type Line = Vec<(Tone, String)>;

/// The step in whose name the pipeline itself speaks; it is always heard.
pub(crate) const PIPELINE: &str = "pipeline";

/// How many findings of one step are shown; the rest are counted.
const MOST_FINDINGS: usize = 20;

/// Turns events into lines.
#[derive(Debug)]
pub(crate) struct Story {
    detail: Detail,
    /// Is the start of a step a line? Where nothing can be redrawn it is.
    starts: bool,
    phase: Option<Phase>,
    /// Steps whose answer was shown with the step, so that it is not shown again with the failure.
    shown: BTreeSet<String>,
    /// Did the last failure come before anything that serves was changed?
    untouched: bool,
}

impl Story {
    pub(crate) fn new(detail: Detail) -> Self {
        Self { detail, starts: false, phase: None, shown: BTreeSet::new(), untouched: false }
    }

    /// The same, with a line for the start of each step.
    pub(crate) fn with_starts(self) -> Self {
        Self { starts: self.detail > Detail::Quiet, ..self }
    }

    /// The lines that an event adds.
    pub(crate) fn tell(&mut self, event: &Event) -> Vec<Line> {
        match &event.kind {
            EventKind::RunStarted { release, target, resumed, .. } => {
                let verb = if *resumed { "goes on to" } else { "to" };
                self.normal(vec![line(Tone::Head, format!("{} {verb} {target}", release.version))])
            }
            EventKind::PhaseStarted { phase } => self.in_phase(*phase, Vec::new()),
            EventKind::StepStarted { phase, step, .. } if self.starts => {
                self.in_phase(*phase, vec![line(Tone::Dim, format!("  … {step}"))])
            }
            EventKind::StepDone { phase, step, outcome, required, took_ms, remembered_from } => {
                let (required, remembered) = (*required, remembered_from.is_some());
                let done = Done { step, outcome, required, ms: *took_ms, remembered };
                self.step_done(*phase, &done)
            }
            EventKind::StepSkipped { phase, step, reason } => {
                let text = format!("  - {step:<10} skipped: {reason}");
                self.in_phase(*phase, vec![line(Tone::Dim, text)])
            }
            EventKind::WillRetry { step, attempt, fault, after_ms } => {
                let text = format!(
                    "  ~ {step:<10} try {attempt}: {}; again in {}",
                    one_line(&fault.to_string()),
                    took(*after_ms)
                );
                self.normal(vec![line(Tone::Warn, text)])
            }
            EventKind::Warned { message } => {
                vec![line(Tone::Warn, format!("  ! {}", one_line(message)))]
            }
            EventKind::Noted { step, message } if step == PIPELINE => {
                vec![line(Tone::Warn, format!("  ! {}", one_line(message)))]
            }
            EventKind::Noted { step, message } if self.detail == Detail::Verbose => {
                vec![line(Tone::Dim, format!("    {step}: {}", one_line(message)))]
            }
            EventKind::Failed { failure } => self.failed(failure),
            kind @ (EventKind::Asking { .. } | EventKind::Decided { .. }) => self.decided(kind),
            _ => Vec::new(),
        }
    }

    fn step_done(&mut self, phase: Phase, done: &Done<'_>) -> Vec<Line> {
        let good = done.outcome.as_ref().is_ok_and(|it| it.verdict() == Verdict::Passed);
        if self.detail == Detail::Quiet && good {
            return Vec::new();
        }
        let mut lines = vec![done.headline()];
        match done.outcome {
            Ok(report) => {
                lines.extend(findings(report.findings()));
                if done.remembered && !report.lets_pass() {
                    let text =
                        "      nothing that it reads has changed since; --no-cache asks again";
                    lines.push(line(Tone::Dim, text.into()));
                }
            }
            Err(fault) => lines.extend(about(fault)),
        }
        if !done.outcome.as_ref().is_ok_and(Report::lets_pass) {
            self.shown.insert(done.step.to_owned());
        }
        self.in_phase(phase, lines)
    }

    fn decided(&self, kind: &EventKind) -> Vec<Line> {
        let text = decision(kind, self.untouched);
        self.normal(text.map(|it| line(Tone::Warn, it)).into_iter().collect())
    }

    /// A failure that no step has shown yet.
    fn failed(&mut self, failure: &Failure) -> Vec<Line> {
        self.untouched = failure.untouched;
        match &failure.cause {
            _ if self.shown.remove(&failure.step) => Vec::new(),
            Cause::Interrupted => vec![line(Tone::Warn, "  ! stopped on request".into())],
            Cause::Fault(fault) => {
                let mut lines = vec![line(Tone::Bad, format!("  ✗ {}", failure.step))];
                lines.extend(about(fault));
                self.in_phase(failure.phase, lines)
            }
            Cause::Refused(found) | Cause::Inconclusive(found) => {
                let mut lines = vec![line(Tone::Bad, format!("  ✗ {}", failure.step))];
                lines.extend(findings(found));
                self.in_phase(failure.phase, lines)
            }
        }
    }

    /// The lines under their phase's heading, which is said once while the phase lasts.
    fn in_phase(&mut self, phase: Phase, mut lines: Vec<Line>) -> Vec<Line> {
        if self.phase.replace(phase) != Some(phase) && self.detail > Detail::Quiet {
            lines.insert(0, line(Tone::Head, phase.name().into()));
        }
        lines
    }

    fn normal(&self, lines: Vec<Line>) -> Vec<Line> {
        if self.detail > Detail::Quiet { lines } else { Vec::new() }
    }
}

struct Done<'a> {
    step: &'a str,
    outcome: &'a Outcome,
    required: bool,
    ms: u64,
    /// Was it given before, and nothing has changed since?
    remembered: bool,
}

impl Done<'_> {
    fn headline(&self) -> Line {
        let (tone, mark) = mark(self.outcome);
        let mut line = vec![
            (Tone::Plain, "  ".into()),
            (tone, mark.into()),
            (Tone::Plain, format!(" {:<10}", self.step)),
            (
                Tone::Dim,
                format!(" {:>7}", if self.remembered { "cached".into() } else { took(self.ms) }),
            ),
        ];
        if let Ok(report) = self.outcome {
            let numbers = numbers(report);
            if !numbers.is_empty() {
                line.push((Tone::Dim, format!("   {}", numbers.join(" · "))));
            }
        }
        if !self.required && mark != "✓" {
            line.push((Tone::Warn, "   not required: reported only".into()));
        }
        line
    }
}

fn mark(outcome: &Outcome) -> (Tone, &'static str) {
    match outcome.as_ref().map(Report::verdict) {
        Ok(Verdict::Passed) => (Tone::Good, "✓"),
        Ok(Verdict::Alert) => (Tone::Warn, "!"),
        Ok(Verdict::Refused) => (Tone::Bad, "✗"),
        Err(fault) if fault.kind() == FaultKind::Cancelled => (Tone::Warn, "-"),
        Ok(Verdict::Inconclusive) | Err(_) => (Tone::Bad, "?"),
    }
}

/// How a number is said.
type Say = fn(f64) -> String;

/// The numbers a person wants beside a step.
fn numbers(report: &Report) -> Vec<String> {
    let known: [(&str, Say); 12] = [
        ("score", |n| format!("score {n:.1}")),
        ("files", |n| plural(n, "file")),
        ("errors", |n| plural(n, "error")),
        ("issues", |n| plural(n, "issue")),
        ("cycles", |n| plural(n, "cycle")),
        ("tests", |n| plural(n, "test")),
        ("failures", |n| plural(n, "failure")),
        ("warnings", |n| plural(n, "warning")),
        ("skipped", |n| format!("{n} skipped")),
        ("excluded", |n| format!("{n} excluded")),
        ("coverage", |n| format!("coverage {n:.1} %")),
        ("traffic_back_ms", |n| format!("traffic back after {}", took(millis(n)))),
    ];
    let worth = |name: &str, n: f64| n > 0.0 || matches!(name, "tests" | "coverage");
    let mut said: Vec<String> = known
        .iter()
        .filter_map(|(name, say)| report.numbers().get(*name).map(|n| (*name, *n, say)))
        .filter(|(name, n, _)| worth(name, *n))
        .map(|(_, n, say)| say(n))
        .collect();
    if !report.checks().is_empty() {
        let count = |verdict| report.checks().iter().filter(|it| it.verdict == verdict).count();
        let (passed, alerts) = (count(Verdict::Passed), count(Verdict::Alert));
        said.push(format!("{passed} of {} checks passed", report.checks().len()));
        if let Some(alerts) = u32::try_from(alerts).ok().filter(|it| *it > 0) {
            said.push(plural(f64::from(alerts), "alert"));
        }
    }
    said
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a length of time: whole, not negative, and small"
)]
fn millis(n: f64) -> u64 {
    n as u64
}

#[expect(clippy::float_cmp, reason = "a count of exactly one")]
fn plural(n: f64, word: &str) -> String {
    if n == 1.0 { format!("1 {word}") } else { format!("{n} {word}s") }
}

fn findings(findings: &[Finding]) -> Vec<Line> {
    let mut lines: Vec<Line> = findings.iter().take(MOST_FINDINGS).flat_map(finding).collect();
    if findings.len() > MOST_FINDINGS {
        let rest = findings.len() - MOST_FINDINGS;
        lines.push(line(Tone::Dim, format!("      … and {rest} more; --format json shows all")));
    }
    lines
}

fn finding(finding: &Finding) -> Vec<Line> {
    let tone = match finding.severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Warn,
        Severity::Note => Tone::Dim,
    };
    let mut first = vec![(Tone::Plain, "      ".into())];
    if let Some(place) = finding.place() {
        first.push((Tone::Head, format!("{place}  ")));
    }
    let mut message = finding.message.lines();
    first.push((tone, message.next().unwrap_or_default().to_owned()));
    let mut lines = vec![first];
    lines.extend(message.map(|rest| line(Tone::Dim, format!("        {rest}"))));
    lines.extend(finding.remedy.iter().map(|it| line(Tone::Dim, format!("        next: {it}"))));
    lines
}

fn about(fault: &Fault) -> Vec<Line> {
    let mut lines = vec![line(Tone::Bad, format!("      {}", one_line(fault.message())))];
    for cause in fault.causes() {
        lines.extend(cause.lines().map(|it| line(Tone::Dim, format!("        {it}"))));
    }
    lines.extend(fault.next_step().map(|it| line(Tone::Plain, format!("      next: {it}"))));
    lines
}

fn line(tone: Tone, text: String) -> Line {
    vec![(tone, text)]
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
