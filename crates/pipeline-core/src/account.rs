//! A run as its events tell it: the one fold that formats, pages and replays are made from, so that they agree.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::event::{Event, EventKind, Observer, millis};
use crate::fault::Fault;
use crate::phase::Phase;
use crate::policy::{DecidedBy, Decision, Failure};
use crate::release::{Release, RunId};
use crate::report::{Outcome, Verdict};
use crate::state::Conclusion;

/// What the events of one run come to. It hears events as any observer, or folds those that were kept.
///
/// ```
/// use pipeline_core::{Account, Event, EventKind, Observer, Phase};
///
/// let mut account = Account::default();
/// let at = std::time::SystemTime::UNIX_EPOCH;
/// account.observe(&Event { seq: 1, at, kind: EventKind::PhaseStarted { phase: Phase::Validate } });
/// assert_eq!(account.phases[0].phase, Phase::Validate);
/// assert!(account.phases[0].end.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// The run's name; `None` until it is told, and where gates run alone.
    pub run: Option<RunId>,
    /// What it releases.
    pub release: Option<Release>,
    /// Where to.
    pub target: Option<String>,
    /// When the first event was told.
    pub began: Option<SystemTime>,
    /// When the last event so far was told.
    pub last: Option<SystemTime>,
    /// Every pass of every phase, in the order in which they began: a rollout in stages verifies several times.
    pub phases: Vec<PhasePass>,
    /// What a person should have known before the target was changed.
    pub warnings: Vec<String>,
    /// What stopped the run, in order.
    pub failures: Vec<Failure>,
    /// What was decided about the failures, in order.
    pub decisions: Vec<Decided>,
    /// How the run ended, if it did.
    pub conclusion: Option<Conclusion>,
}

/// One pass of a phase.
#[derive(Clone, Debug, PartialEq)]
pub struct PhasePass {
    /// Which.
    pub phase: Phase,
    /// When it began.
    pub started: SystemTime,
    /// Its steps, in the order in which they began.
    pub steps: Vec<StepPass>,
    /// How it ended, if it did.
    pub end: Option<PhaseEnd>,
}

/// How a pass of a phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseEnd {
    /// Its answer; `None` when something kept it from having one.
    pub verdict: Option<Verdict>,
    /// How long it took.
    pub took_ms: u64,
}

/// One gate, builder, stage or verifier in one pass of its phase.
#[derive(Clone, Debug, PartialEq)]
pub struct StepPass {
    /// Its name.
    pub name: String,
    /// When it began.
    pub started: SystemTime,
    /// The tries that had a fault.
    pub retries: Vec<Retry>,
    /// How it ended, if it did.
    pub end: Option<StepEnd>,
}

/// A try that had a transient fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Which, from 1.
    pub attempt: u32,
    /// The fault.
    pub fault: Fault,
    /// How long until the next try.
    pub after_ms: u64,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub enum StepEnd {
    /// It gave an answer, or could not.
    Done {
        /// The answer, or why there is none.
        outcome: Outcome,
        /// Did it block the run when it was not good?
        required: bool,
        /// How long it took; nothing where the answer was remembered from before.
        took_ms: u64,
        /// When the answer was given, where it was remembered from before: seconds since 1970.
        remembered_from: Option<u64>,
    },
    /// It was not started.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// What was decided about a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// Who decided.
    pub by: DecidedBy,
    /// Why, where there is more to say than the policy's plain rule.
    pub reason: Option<String>,
}

/// A phase summed over its passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTotal {
    /// Which.
    pub phase: Phase,
    /// Its last answer, or `Alert` if that was a pass and an earlier one an alert; `None` when something
    /// kept it from having one.
    pub verdict: Option<Verdict>,
    /// How long it took in all.
    pub took_ms: u64,
}

impl PhaseTotal {
    /// Sums passes by phase; phases stay in the order of their first pass.
    #[must_use]
    pub fn sum(passes: impl IntoIterator<Item = Self>) -> Vec<Self> {
        passes.into_iter().fold(Vec::new(), |mut totals: Vec<Self>, pass| {
            match totals.iter_mut().find(|it| it.phase == pass.phase) {
                Some(total) => total.add(pass),
                None => totals.push(pass),
            }
            totals
        })
    }

    fn add(&mut self, pass: Self) {
        self.took_ms += pass.took_ms;
        self.verdict = match (self.verdict, pass.verdict) {
            (Some(Verdict::Alert), Some(Verdict::Passed)) => Some(Verdict::Alert),
            (_, last) => last,
        };
    }
}

impl Account {
    /// The account of events that were kept.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut account = Self::default();
        for event in events {
            account.observe(event);
        }
        account
    }

    /// The phases that ended, each summed over its passes.
    #[must_use]
    pub fn totals(&self) -> Vec<PhaseTotal> {
        let ended = self.phases.iter().filter_map(|pass| {
            let PhaseEnd { verdict, took_ms } = pass.end?;
            Some(PhaseTotal { phase: pass.phase, verdict, took_ms })
        });
        PhaseTotal::sum(ended)
    }

    /// All steps with the phase they belong to, in order.
    pub fn steps(&self) -> impl Iterator<Item = (Phase, &StepPass)> {
        self.phases.iter().flat_map(|pass| pass.steps.iter().map(|step| (pass.phase, step)))
    }

    /// From the first event to the last, in milliseconds.
    #[must_use]
    pub fn took_ms(&self) -> u64 {
        let (Some(began), Some(last)) = (self.began, self.last) else { return 0 };
        millis(last.duration_since(began).unwrap_or_default())
    }

    /// The running pass of a phase. Events that were lost must not lose those that were not.
    fn pass(&mut self, phase: Phase, at: SystemTime) -> &mut PhasePass {
        let open = self.phases.iter().rposition(|it| it.phase == phase && it.end.is_none());
        let last = open.unwrap_or_else(|| {
            self.phases.push(PhasePass { phase, started: at, steps: Vec::new(), end: None });
            self.phases.len() - 1
        });
        &mut self.phases[last]
    }

    fn step_ended(&mut self, phase: Phase, (step, at): (&str, SystemTime), end: StepEnd) {
        let took = match &end {
            StepEnd::Done { took_ms, .. } => Duration::from_millis(*took_ms),
            StepEnd::Skipped { .. } => Duration::ZERO,
        };
        let started = at.checked_sub(took).unwrap_or(at);
        let steps = &mut self.pass(phase, started).steps;
        match steps.iter_mut().rfind(|it| it.name == step && it.end.is_none()) {
            Some(running) => running.end = Some(end),
            None => steps.push(StepPass::begun(step, started).ended(end)),
        }
    }
}

impl StepPass {
    fn begun(name: &str, started: SystemTime) -> Self {
        Self { name: name.to_owned(), started, retries: Vec::new(), end: None }
    }

    fn ended(self, end: StepEnd) -> Self {
        Self { end: Some(end), ..self }
    }

    /// Its verdict, if it gave one.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match &self.end {
            Some(StepEnd::Done { outcome: Ok(report), .. }) => Some(report.verdict()),
            _ => None,
        }
    }

    /// How long it took, if it was done.
    #[must_use]
    pub fn took_ms(&self) -> Option<u64> {
        match &self.end {
            Some(StepEnd::Done { took_ms, .. }) => Some(*took_ms),
            _ => None,
        }
    }
}

impl Observer for Account {
    fn observe(&mut self, event: &Event) {
        let at = event.at;
        self.began.get_or_insert(at);
        self.last = Some(at);
        match &event.kind {
            EventKind::RunStarted { run, release, target, .. } => {
                self.run = Some(run.clone());
                self.release = Some(release.clone());
                self.target = Some(target.clone());
            }
            EventKind::RunFinished { conclusion } => self.conclusion = Some(*conclusion),
            EventKind::Warned { message } => self.warnings.push(message.clone()),
            EventKind::Failed { failure } => self.failures.push(failure.clone()),
            EventKind::Decided { decision, by, reason } => {
                let (decision, by, reason) = (*decision, *by, reason.clone());
                self.decisions.push(Decided { decision, by, reason });
            }
            kind => self.follow(kind, at),
        }
    }
}

impl Account {
    /// What happens within phases.
    fn follow(&mut self, kind: &EventKind, at: SystemTime) {
        match kind {
            EventKind::PhaseStarted { phase } => drop(self.pass(*phase, at)),
            EventKind::PhaseEnded { phase, verdict, took_ms } => {
                let end = PhaseEnd { verdict: *verdict, took_ms: *took_ms };
                self.pass(*phase, at).end = Some(end);
            }
            EventKind::StepStarted { phase, step, .. } => {
                self.pass(*phase, at).steps.push(StepPass::begun(step, at));
            }
            EventKind::StepDone { phase, step, outcome, required, took_ms, remembered_from } => {
                let (required, took_ms) = (*required, *took_ms);
                let (outcome, remembered_from) = (outcome.clone(), *remembered_from);
                let end = StepEnd::Done { outcome, required, took_ms, remembered_from };
                self.step_ended(*phase, (step, at), end);
            }
            EventKind::StepSkipped { phase, step, reason } => {
                let end = StepEnd::Skipped { reason: reason.clone() };
                self.step_ended(*phase, (step, at), end);
            }
            EventKind::WillRetry { step, attempt, fault, after_ms } => {
                let retry = Retry { attempt: *attempt, fault: fault.clone(), after_ms: *after_ms };
                let mut running = self.phases.iter_mut().rev().flat_map(|it| &mut it.steps);
                if let Some(step) = running.find(|it| it.name == *step && it.end.is_none()) {
                    step.retries.push(retry);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
