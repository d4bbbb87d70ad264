//! An account of a run with one of everything, for the tests of this crate.

use std::io::Error;
use std::time::{Duration, SystemTime};

use pipeline_core::{
    Account, Cause, Check, CheckKind, Conclusion, DecidedBy, Decision, Event, EventKind, Failure,
    Fault, Finding, Level, Outcome, Phase, Release, Report, RunId, Verdict,
};

/// 2026-03-25 14:32 UTC.
const BEGAN: u64 = 1_774_449_120_000;

fn done(phase: Phase, step: &str, (outcome, required): (Outcome, bool), took_ms: u64) -> EventKind {
    let (step, remembered_from) = (step.to_owned(), None);
    EventKind::StepDone { phase, step, outcome, required, took_ms, remembered_from }
}

fn started(phase: Phase, step: &str) -> EventKind {
    EventKind::StepStarted { phase, step: step.to_owned(), expected_ms: None }
}

fn ended(phase: Phase, verdict: Option<Verdict>, took_ms: u64) -> EventKind {
    EventKind::PhaseEnded { phase, verdict, took_ms }
}

fn smoke() -> Report {
    let slow = Check {
        ratio: Some(2.5),
        interval: Some([2.1, 3.0]),
        ..Check::new(CheckKind::Performance, "GET /", Verdict::Alert, "2.5 times as slow")
    };
    let broken = |machine: &str| Check {
        instance: Some(machine.into()),
        ..Check::smoke("GET /dashboard", Verdict::Refused, "answered 500, wanted 200")
    };
    Report::of_checks(vec![
        Check::smoke("GET /api/v1/health", Verdict::Passed, "answered 200"),
        slow,
        broken("a1"),
        broken("b2"),
    ])
}

fn gates() -> Vec<(u64, EventKind)> {
    let phase = Phase::Validate;
    let flaky = Fault::transient(Error::other("the registry did not answer"));
    let to_atom = Finding::error("String.to_atom/1 makes an atom of any text")
        .rule("ZERO/to-atom")
        .remedy("use String.to_existing_atom/1")
        .at("apps/shop/lib/my cart.ex", 6)
        .column(47);
    let hint = Finding { level: Level::Advisory, ..Finding::error("no @doc").at("lib/a.ex", 3) };
    vec![
        (0, EventKind::PhaseStarted { phase }),
        (0, started(phase, "test")),
        (5, EventKind::WillRetry { step: "test".into(), attempt: 1, fault: flaky, after_ms: 20 }),
        (1_234, done(phase, "test", (Ok(Report::passed().number("tests", 95.0)), true), 1_234)),
        (1_300, done(phase, "doctrine", (Ok(Report::refused(to_atom)), false), 66)),
        (1_400, done(phase, "docs", (Ok(Report::alert(hint)), true), 100)),
        (
            1_400,
            EventKind::StepSkipped { phase, step: "score".into(), reason: "`x` refused".into() },
        ),
        (1_500, done(phase, "audit", (Err(Fault::timed_out(Duration::from_secs(3))), false), 100)),
        (1_501, ended(phase, Some(Verdict::Alert), 1_501)),
    ]
}

fn deploy() -> Vec<(u64, EventKind)> {
    let refused = Cause::Refused(smoke().findings().to_vec());
    let (phase, step) = (Phase::Verify, "smoke".to_owned());
    let failure = Failure { phase, step, cause: refused, whole: true, untouched: false };
    let (decision, by, reason) = (Decision::Restore, DecidedBy::Policy, None);
    vec![
        (1_510, EventKind::PhaseStarted { phase: Phase::Deploy }),
        (5_600, done(Phase::Deploy, "green", (Ok(Report::passed()), true), 4_090)),
        (5_600, ended(Phase::Deploy, Some(Verdict::Passed), 4_090)),
        (5_601, EventKind::PhaseStarted { phase }),
        (5_601, started(phase, "smoke")),
        (9_000, done(phase, "smoke", (Ok(smoke()), true), 3_399)),
        (9_000, ended(phase, Some(Verdict::Refused), 3_399)),
        (9_000, EventKind::Failed { failure }),
        (9_001, EventKind::Decided { decision, by, reason }),
        (9_001, EventKind::PhaseStarted { phase: Phase::Restore }),
        (12_000, done(Phase::Restore, "restore", (Ok(Report::passed()), true), 2_999)),
        (12_000, ended(Phase::Restore, Some(Verdict::Passed), 2_999)),
        (12_001, EventKind::RunFinished { conclusion: Conclusion::RolledBack }),
    ]
}

fn fold(kinds: impl IntoIterator<Item = (u64, EventKind)>) -> Account {
    let at = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(BEGAN + ms);
    let events = (1..).zip(kinds).map(|(seq, (ms, kind))| Event { seq, at: at(ms), kind });
    Account::of(&events.collect::<Vec<_>>())
}

/// A run that was taken back.
pub(crate) fn account() -> Account {
    let release = Release::new("v7").revision("0f3c");
    let (run, target) = (RunId::new("run-7"), "flyio:shop".to_owned());
    let begun = EventKind::RunStarted { run, release, target, resumed: false };
    fold([(0, begun)].into_iter().chain(gates()).chain(deploy()))
}

/// A run of one gate that has refused with these findings.
pub(crate) fn refused(findings: Vec<Finding>) -> Account {
    let (phase, mut findings) = (Phase::Validate, findings.into_iter());
    let first = Report::refused(findings.next().expect("a refusal has a finding"));
    let report = findings.fold(first, Report::finding);
    fold([
        (10, done(phase, "gate", (Ok(report), true), 10)),
        (10, ended(phase, Some(Verdict::Refused), 10)),
    ])
}

/// A run that was left while a gate ran, and before the target could be looked at.
pub(crate) fn left_half_way() -> Account {
    let (phase, step) = (Phase::Deploy, "flyio:shop".to_owned());
    let cause = Cause::Fault(Fault::permanent(Error::other("the token is not accepted")));
    let failure = Failure { phase, step, cause, whole: false, untouched: false };
    fold([
        (0, EventKind::PhaseStarted { phase: Phase::Validate }),
        (0, started(Phase::Validate, "test")),
        (5, EventKind::PhaseStarted { phase }),
        (6, ended(phase, None, 1)),
        (6, EventKind::Failed { failure }),
    ])
}
