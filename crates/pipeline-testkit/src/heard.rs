//! An observer that keeps what it hears as lines, without times and ids.

use std::sync::{Arc, Mutex, PoisonError};

use pipeline_core::{
    Cause, DecidedBy, Event, EventKind, Events, Failure, Observer, Outcome, Report,
};

use crate::clock::StoppedClock;

/// Hears everything. Cloning gives another handle to the same lines.
///
/// ```
/// use pipeline_core::{EventKind, Phase};
/// use pipeline_testkit::Heard;
///
/// let heard = Heard::new();
/// heard.events().tell(EventKind::PhaseStarted { phase: Phase::Validate });
/// assert_eq!(heard.text(), "validate began");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Heard {
    kinds: Arc<Mutex<Vec<EventKind>>>,
}

impl Heard {
    /// Has heard nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Events that are heard by this observer alone, timed by a [`StoppedClock`].
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(StoppedClock::new(), vec![self.observer()])
    }

    /// Itself, to be one observer among others.
    #[must_use]
    pub fn observer(&self) -> Box<dyn Observer> {
        Box::new(self.clone())
    }

    /// What it heard, as it was told.
    #[must_use]
    pub fn kinds(&self) -> Vec<EventKind> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What steps said they are at.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let note = |kind| match kind {
            EventKind::Noted { message, .. } => Some(message),
            _ => None,
        };
        self.kinds().into_iter().filter_map(note).collect()
    }

    /// What has happened, a line an event: not what is only planned, or waits.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let ahead =
            |it: &EventKind| matches!(it, EventKind::Planned { .. } | EventKind::StepWaits { .. });
        self.kinds().iter().filter(|it| !ahead(it)).map(line).collect()
    }

    /// What it heard, in one text.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }
}

impl Observer for Heard {
    fn observe(&mut self, event: &Event) {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).push(event.kind.clone());
    }
}

fn line(kind: &EventKind) -> String {
    match kind {
        EventKind::RunStarted { release, target, resumed, .. } => {
            let how = if *resumed { "goes on" } else { "started" };
            format!("run {how}: {} to {target}", release.version)
        }
        EventKind::PhaseStarted { phase } => format!("{} began", phase.name()),
        EventKind::PhaseEnded { phase, verdict, .. } => {
            format!(
                "{} ended: {}",
                phase.name(),
                verdict.map_or_else(|| "no verdict".into(), |it| it.to_string())
            )
        }
        EventKind::StepStarted { step, .. } => format!("  {step} began"),
        EventKind::StepDone { step, outcome, required, remembered_from, .. } => {
            let optional = if *required { "" } else { " (optional)" };
            let known = if remembered_from.is_some() { " (remembered)" } else { "" };
            format!("  {step}{optional}{known}: {}", answer(outcome))
        }
        EventKind::StepSkipped { step, reason, .. } => format!("  {step} skipped: {reason}"),
        EventKind::Noted { step, message } => format!("  {step}: {message}"),
        EventKind::Warned { message } => format!("warning: {message}"),
        EventKind::Progressed { step, done, total: Some(total) } => {
            format!("  {step}: {done} of {total}")
        }
        EventKind::Progressed { step, done, total: None } => format!("  {step}: {done}"),
        EventKind::WillRetry { step, attempt, fault, after_ms } => {
            format!("  {step}: try {attempt} failed, {fault}; again after {after_ms} ms")
        }
        EventKind::Failed { failure } => format!("failed: {}", why(failure)),
        EventKind::Asking { .. } => "asking a person".into(),
        EventKind::Decided { decision, by: DecidedBy::Policy, .. } => {
            format!("decided: {decision:?}").to_lowercase()
        }
        EventKind::Decided { decision, by, .. } => {
            format!("decided by {by:?}: {decision:?}").to_lowercase()
        }
        EventKind::RunFinished { conclusion } => format!("run finished: {conclusion:?}"),
        // A kind that is newer than this kit is told as it would be stored.
        other => serde_json::to_string(other).expect("an event can be written as text"),
    }
}

fn answer(outcome: &Outcome) -> String {
    match outcome {
        Ok(report) => report_line(report),
        Err(fault) => format!("fault, {fault}"),
    }
}

fn report_line(report: &Report) -> String {
    let findings: Vec<_> = report.findings().iter().map(|it| it.message.as_str()).collect();
    match findings.as_slice() {
        [] => report.verdict().to_string(),
        findings => format!("{}, {}", report.verdict(), findings.join("; ")),
    }
}

fn why(failure: &Failure) -> String {
    let (cause, findings) = match &failure.cause {
        Cause::Refused(findings) => ("refused", findings.as_slice()),
        Cause::Inconclusive(findings) => ("inconclusive", findings.as_slice()),
        Cause::Fault(fault) => return format!("{} ({fault})", failure.step),
        Cause::Interrupted => return format!("{} (interrupted)", failure.step),
    };
    let findings: Vec<_> = findings.iter().map(|it| it.message.as_str()).collect();
    format!("{} ({cause}: {})", failure.step, findings.join("; "))
}
