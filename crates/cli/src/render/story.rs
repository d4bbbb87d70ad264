//! What is said about a run, line by line: pure. Where the lines go is somebody else's business.

use std::collections::BTreeSet;

use console::{Alignment, measure_text_width, pad_str};
use pipeline_core::{Cause, Event, EventKind, Failure, FaultKind, Outcome, Phase, Report, Verdict};

use super::decision::decision;
use super::findings::{about, findings};
use super::numbers::numbers;
use super::style::Tone;
use super::took;

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

/// The column of names is so wide at least, and at most.
const NAMES: (usize, usize) = (10, 28);

/// Turns events into lines.
#[derive(Debug)]
pub(crate) struct Story {
    detail: Detail,
    /// Is the start of a step a line? Where nothing can be redrawn it is.
    starts: bool,
    phase: Option<Phase>,
    /// How wide the column of names is: as wide as the longest name so far, within reason.
    names: usize,
    /// Steps whose answer was shown with the step, so that it is not shown again with the failure.
    shown: BTreeSet<String>,
    /// Did the last failure come before anything that serves was changed?
    untouched: bool,
}

impl Story {
    pub(crate) fn new(detail: Detail) -> Self {
        let (names, shown) = (NAMES.0, BTreeSet::new());
        Self { detail, starts: false, phase: None, names, shown, untouched: false }
    }

    /// The same, with a line for the start of each step.
    pub(crate) fn with_starts(self) -> Self {
        Self { starts: self.detail > Detail::Quiet, ..self }
    }

    /// How wide the column of names is.
    pub(super) fn names(&self) -> usize {
        self.names
    }

    /// A name in its column.
    fn named(&self, step: &str) -> String {
        pad_str(step, self.names, Alignment::Left, None).into_owned()
    }

    fn widen(&mut self, kind: &EventKind) {
        let wide = match kind {
            EventKind::Planned { steps, .. } => {
                steps.iter().map(|it| measure_text_width(&it.step)).max().unwrap_or_default()
            }
            EventKind::StepStarted { step, .. }
            | EventKind::StepDone { step, .. }
            | EventKind::StepWaits { step, .. }
            | EventKind::StepSkipped { step, .. } => measure_text_width(step),
            _ => 0,
        };
        self.names = self.names.max(wide.min(NAMES.1));
    }

    /// The lines that an event adds.
    pub(crate) fn tell(&mut self, event: &Event) -> Vec<Line> {
        self.widen(&event.kind);
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
                let text = format!("  - {} skipped: {}", self.named(step), one_line(reason));
                self.in_phase(*phase, vec![line(Tone::Dim, text)])
            }
            EventKind::WillRetry { step, attempt, fault, after_ms } => {
                let (step, fault) = (self.named(step), one_line(&fault.to_string()));
                let text =
                    format!("  ~ {step} try {attempt}: {fault}; again in {}", took(*after_ms));
                self.normal(vec![line(Tone::Warn, text)])
            }
            EventKind::Warned { message } => {
                self.normal(vec![line(Tone::Warn, format!("  ! {}", one_line(message)))])
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
        let mut lines = vec![done.headline(&self.named(done.step))];
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
    fn headline(&self, name: &str) -> Line {
        let (tone, mark) = mark(self.outcome);
        let mut line = vec![
            (Tone::Plain, "  ".into()),
            (tone, mark.into()),
            (Tone::Plain, format!(" {name}")),
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

/// A line in one tone.
pub(super) fn line(tone: Tone, text: String) -> Line {
    vec![(tone, text)]
}

pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
