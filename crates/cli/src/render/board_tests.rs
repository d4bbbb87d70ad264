use std::time::{Duration, SystemTime};

use pipeline_core::{Fault, Release, Report, RunId, UsualPhase};

use super::*;

/// A board and its clock.
pub(in crate::render) struct Told {
    pub(in crate::render) board: Board,
    pub(in crate::render) now: Instant,
}

impl Told {
    pub(in crate::render) fn new() -> Self {
        Self { board: Board::default(), now: Instant::now() }
    }

    /// Something happens, so many milliseconds after what happened before.
    pub(in crate::render) fn after(mut self, ms: u64, kind: EventKind) -> Self {
        self.now += Duration::from_millis(ms);
        self.board.follow(&Event { seq: 1, at: SystemTime::UNIX_EPOCH, kind }, self.now);
        self
    }
}

pub(in crate::render) fn run_started() -> EventKind {
    let (run, release) = (RunId::new("run-1"), Release::new("v3"));
    EventKind::RunStarted { run, release, target: "flyio:shop".into(), resumed: false }
}

pub(in crate::render) fn planned(phases: &[(Phase, u64)]) -> EventKind {
    let phases =
        phases.iter().map(|(phase, usual_ms)| UsualPhase { phase: *phase, usual_ms: *usual_ms });
    EventKind::Planned { steps: Vec::new(), phases: phases.collect() }
}

pub(in crate::render) fn begins(phase: Phase) -> EventKind {
    EventKind::PhaseStarted { phase }
}

pub(in crate::render) fn ends(phase: Phase, took_ms: u64) -> EventKind {
    EventKind::PhaseEnded { phase, verdict: None, took_ms }
}

pub(in crate::render) fn starts(phase: Phase, step: &str, expected_ms: Option<u64>) -> EventKind {
    EventKind::StepStarted { phase, step: step.into(), expected_ms }
}

pub(in crate::render) fn notes(step: &str, message: &str) -> EventKind {
    EventKind::Noted { step: step.into(), message: message.into() }
}

pub(in crate::render) fn waits(step: &str, others: &[&str]) -> EventKind {
    let waits_for = others.iter().map(ToString::to_string).collect();
    EventKind::StepWaits { phase: Phase::Validate, step: step.into(), waits_for }
}

fn done(phase: Phase, step: &str) -> EventKind {
    let (step, outcome) = (step.to_owned(), Ok(Report::passed()));
    EventKind::StepDone { phase, step, outcome, required: true, took_ms: 1, remembered_from: None }
}

fn rows(board: &Board) -> Vec<String> {
    board.rows.iter().map(|it| format!("{}: {}", it.step, it.says)).collect()
}

#[test]
fn what_runs_stands_before_what_waits_and_what_is_done_is_gone() {
    use Phase::Validate;
    let told = Told::new()
        .after(0, begins(Validate))
        .after(0, waits("credo", &["compile"]))
        .after(0, waits("test", &[]))
        .after(0, starts(Validate, "compile", None))
        .after(0, notes("compile", "Compiling 3\n files"));
    assert_eq!(
        rows(&told.board),
        ["compile: Compiling 3 files", "credo: waits for compile", "test: waits for its turn"]
    );
    let fault = Fault::transient(std::io::Error::other("busy"));
    let again = EventKind::WillRetry { step: "credo".into(), attempt: 1, fault, after_ms: 500 };
    let told = told
        .after(9, done(Validate, "compile"))
        .after(0, starts(Validate, "credo", None))
        .after(0, again);
    assert_eq!(rows(&told.board), ["credo: try 2 in 0.5s: busy", "test: waits for its turn"]);
    assert_eq!(rows(&told.after(0, ends(Validate, 9)).board), [""; 0]);
}

#[test]
fn what_is_left_is_what_is_usual_less_what_was_spent() {
    use Phase::{Build, Deploy, Restore, Settle, Validate, Verify};
    let usual = [(Validate, 9_000), (Build, 5_000), (Deploy, 8_000), (Verify, 4_000)];
    let told =
        Told::new().after(0, run_started()).after(0, planned(&usual)).after(0, begins(Validate));
    assert_eq!(told.board.rest(told.now), Some(26_000));
    let told = told.after(11_000, ends(Validate, 11_000));
    assert_eq!(
        told.board.rest(told.now),
        Some(17_000),
        "more than usual makes the rest no shorter"
    );
    let told = told.after(0, begins(Deploy));
    assert_eq!(told.board.rest(told.now), Some(12_000), "what is built already is not built");
    let told = told
        .after(3_000, ends(Deploy, 3_000))
        .after(0, begins(Verify))
        .after(1_000, ends(Verify, 1_000));
    assert_eq!(told.board.rest(told.now), Some(8_000), "a rollout in stages comes back to both");
    let told = told.after(0, begins(Settle));
    assert_eq!(told.board.rest(told.now), Some(0));
    let told = told.after(0, begins(Restore));
    assert_eq!(told.board.rest(told.now), None, "nobody knows how long a way back is");
    assert_eq!(Told::new().after(0, run_started()).board.rest(Instant::now()), None);
}

#[test]
fn ctrl_c_means_what_is_true_at_that_moment() {
    use Phase::{Deploy, Restore, Validate};
    let told = Told::new().after(0, run_started()).after(0, begins(Validate));
    assert_eq!(told.board.way_out, WayOut::Stops);
    let told = told.after(0, begins(Deploy)).after(0, notes("performance", "measuring"));
    assert_eq!(told.board.way_out, WayOut::Stops, "so far it is only looked at");
    let told = told.after(0, starts(Deploy, "green", None));
    assert_eq!(told.board.way_out, WayOut::GoesBack);
    let pressed =
        Told { board: told.board.clone(), now: told.now }.after(0, notes(PIPELINE, STOPPING[0]));
    let pressed = pressed.after(0, begins(Restore));
    assert_eq!(pressed.board.way_out, WayOut::Stopping);
    assert_eq!(told.after(0, begins(Restore)).board.way_out, WayOut::EndsFirst);
}
