//! What moves just now: a fold of the events of a run. Pure, but that it is told what time it is.

use std::collections::BTreeMap;
use std::time::Instant;

use pipeline_core::{Event, EventKind, Phase};

use super::story::{PIPELINE, one_line};
use super::took;

/// What the pipeline says at the first Ctrl-C, and at the first SIGTERM.
pub(crate) const STOPPING: [&str; 2] = [
    "stopping at the next safe point; Ctrl-C again leaves at once",
    "asked to end: stopping at the next safe point",
];

/// Everything that is shown of a run while it runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    /// When the first event came.
    pub(super) began: Option<Instant>,
    /// What is waited for before anything runs, and since when.
    pub(super) before: Option<(String, Instant)>,
    /// The phase that runs, and since when.
    pub(super) phase: Option<(Phase, Instant)>,
    /// What runs, in the order in which it began, and after it what waits.
    pub(super) rows: Vec<Row>,
    /// What is said in the name of a step that does not run: while the target is looked at, nothing does.
    pub(super) aside: Option<(String, String)>,
    /// Who is asked how a run is stopped.
    pub(super) way_out: WayOut,
    /// A run from commit to production, and not only a look?
    pub(super) whole: bool,
    usual: BTreeMap<Phase, u64>,
    spent: BTreeMap<Phase, u64>,
    furthest: Option<Phase>,
}

/// One step that runs or waits.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(super) step: String,
    /// Since when it runs; `None` while it waits.
    pub(super) since: Option<Instant>,
    pub(super) expected_ms: Option<u64>,
    /// How far it is.
    pub(super) done: Option<(u64, Option<u64>)>,
    /// What it says, or what it waits for.
    pub(super) says: String,
}

/// What becomes of the run when somebody presses Ctrl-C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WayOut {
    /// It stops; nothing was changed.
    #[default]
    Stops,
    /// It goes back to what was.
    GoesBack,
    /// It ends what it is at first.
    EndsFirst,
    /// It was pressed once already.
    Stopping,
}

impl Board {
    /// Follows one event that came at `now`.
    pub(super) fn follow(&mut self, event: &Event, now: Instant) {
        self.began.get_or_insert(now);
        match &event.kind {
            EventKind::RunStarted { resumed, .. } => {
                self.whole = true;
                // What was begun before may have changed something.
                if *resumed {
                    self.way_out = WayOut::GoesBack;
                }
            }
            EventKind::Planned { phases, .. } => {
                self.usual = phases.iter().map(|it| (it.phase, it.usual_ms)).collect();
            }
            EventKind::PhaseStarted { phase } => self.enter(*phase, now),
            EventKind::PhaseEnded { phase, took_ms, .. } => {
                *self.spent.entry(*phase).or_default() += took_ms;
                (self.phase, self.aside) = (None, None);
                self.rows.clear();
            }
            kind => self.step(kind, now),
        }
    }

    /// What happens to a step.
    fn step(&mut self, kind: &EventKind, now: Instant) {
        match kind {
            EventKind::StepStarted { phase, step, expected_ms } => {
                self.start((*phase, step), *expected_ms, now);
            }
            EventKind::StepWaits { step, waits_for, .. } => self.waits(step, waits_for),
            EventKind::StepDone { step, .. } | EventKind::StepSkipped { step, .. } => {
                self.rows.retain(|it| it.step != *step);
            }
            EventKind::Noted { step, message } if step == PIPELINE => self.heed(message),
            EventKind::Noted { step, message } => match self.running(step) {
                Some(row) => row.says = one_line(message),
                None => self.aside = Some((step.clone(), one_line(message))),
            },
            EventKind::Progressed { step, done, total } => {
                if let Some(row) = self.running(step) {
                    row.done = Some((*done, *total));
                }
            }
            EventKind::WillRetry { step, attempt, fault, after_ms } => {
                let again = took(*after_ms);
                if let Some(row) = self.running(step) {
                    row.done = None;
                    row.says =
                        format!("try {} in {again}: {}", attempt + 1, one_line(fault.message()));
                }
            }
            _ => {}
        }
    }

    /// What the pipeline itself says.
    fn heed(&mut self, message: &str) {
        if STOPPING.contains(&message) {
            self.way_out = WayOut::Stopping;
        }
    }

    fn enter(&mut self, phase: Phase, now: Instant) {
        self.before = None;
        self.phase = Some((phase, now));
        self.furthest = self.furthest.max(Some(phase));
        self.aside = None;
        if self.way_out != WayOut::Stopping && matches!(phase, Phase::Settle | Phase::Restore) {
            self.way_out = WayOut::EndsFirst;
        }
    }

    fn start(&mut self, (phase, step): (Phase, &str), expected_ms: Option<u64>, now: Instant) {
        if self.phase.is_none() {
            // Verifiers alone are no phase of a run.
            self.enter(phase, now);
        }
        self.rows.retain(|it| it.step != step);
        self.aside = None;
        let (done, says) = (None, String::new());
        let row = Row { step: step.to_owned(), since: Some(now), expected_ms, done, says };
        let waiting = self.rows.iter().position(|it| it.since.is_none());
        self.rows.insert(waiting.unwrap_or(self.rows.len()), row);
        // From the first stage on there is something to take back.
        if phase == Phase::Deploy && self.way_out == WayOut::Stops {
            self.way_out = WayOut::GoesBack;
        }
    }

    fn waits(&mut self, step: &str, waits_for: &[String]) {
        let says = match waits_for {
            [] => "waits for its turn".to_owned(),
            names => format!("waits for {}", names.join(", ")),
        };
        if let Some(row) = self.rows.iter_mut().find(|it| it.step == step) {
            row.says = says;
            return;
        }
        let (step, since, expected_ms, done) = (step.to_owned(), None, None, None);
        self.rows.push(Row { step, since, expected_ms, done, says });
    }

    fn running(&mut self, step: &str) -> Option<&mut Row> {
        self.rows.iter_mut().find(|it| it.since.is_some() && it.step == step)
    }

    /// How long the phase that runs has taken so far, earlier passes of it included, in milliseconds.
    pub(super) fn spent_in(&self, phase: Phase, now: Instant) -> u64 {
        let running = self.phase.filter(|it| it.0 == phase).map_or(0, |it| millis(it.1, now));
        self.spent.get(&phase).copied().unwrap_or_default() + running
    }

    /// How long a phase takes otherwise, where that is known.
    pub(super) fn usual(&self, phase: Phase) -> Option<u64> {
        self.usual.get(&phase).copied()
    }

    /// How much longer the run will take if it takes as long as others; `None` where nobody knows.
    pub(super) fn rest(&self, now: Instant) -> Option<u64> {
        if self.usual.is_empty()
            || self.furthest == Some(Phase::Restore)
            || self.way_out == WayOut::Stopping
        {
            return None;
        }
        // What comes before the rollout comes once, and so does what comes after it.
        let over = |phase: Phase| match self.furthest {
            Some(Phase::Settle) => phase < Phase::Settle,
            Some(furthest) => phase < furthest && phase <= Phase::Build,
            None => false,
        };
        let ahead = self.usual.iter().filter(|(phase, _)| !over(**phase));
        Some(ahead.map(|(phase, usual)| usual.saturating_sub(self.spent_in(*phase, now))).sum())
    }
}

/// From one moment to another.
pub(super) fn millis(since: Instant, now: Instant) -> u64 {
    u64::try_from(now.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "board_tests.rs"]
pub(super) mod tests;
