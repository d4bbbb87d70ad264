//! Events of every kind, with every variant of what stands inside.

use std::io::Error;
use std::time::{Duration, SystemTime};

use pipeline_core::{
    Cause, Check, CheckKind, Conclusion, Control, DecidedBy, Decision, Event, EventKind, Evidence,
    Failure, Fault, Finding, Level, Outcome, Phase, PlannedStep, Release, Report, RunId, Trigger,
    UsualPhase, Verdict,
};

const PHASES: [Phase; 6] =
    [Phase::Validate, Phase::Build, Phase::Deploy, Phase::Verify, Phase::Settle, Phase::Restore];

const VERDICTS: [Verdict; 4] =
    [Verdict::Passed, Verdict::Alert, Verdict::Inconclusive, Verdict::Refused];

fn faults() -> Vec<Fault> {
    let cause = || Error::other("connection refused");
    vec![
        Fault::transient(cause()).hint("look at the network"),
        Fault::permanent(Deep(cause())).trigger(Trigger::ReleaseCommand),
        Fault::timed_out(Duration::from_secs(3)),
        Fault::cancelled(),
    ]
}

/// An error with a cause.
#[derive(Debug)]
struct Deep(Error);

impl std::fmt::Display for Deep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it did not answer")
    }
}

impl std::error::Error for Deep {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn findings() -> Vec<Finding> {
    let whole = Finding::error("an atom of any text")
        .rule("ZERO/to-atom")
        .remedy("use String.to_existing_atom/1")
        .at("apps/shop/lib/cart.ex", 6)
        .column(47)
        .app("shop");
    let advisory = Finding { level: Level::Advisory, ..Finding::note("TODO") };
    vec![whole, Finding::warning("slow"), advisory.in_file("README.md")]
}

fn checks() -> Vec<Check> {
    let kinds = [CheckKind::Smoke, CheckKind::Performance, CheckKind::Journey, CheckKind::Watch];
    let mut checks: Vec<Check> = kinds
        .into_iter()
        .zip(VERDICTS)
        .map(|(kind, verdict)| Check::new(kind, "GET /", verdict, "answered 200"))
        .collect();
    let controls = [Control::Concurrent, Control::Fresh, Control::History, Control::None];
    checks.extend(controls.into_iter().map(|control| Check {
        endpoint: Some("GET /".into()),
        instance: Some("2afb".into()),
        ratio: Some(2.4),
        interval: Some([2.1, 2.9]),
        samples: Some(320),
        control: Some(control),
        ..Check::new(CheckKind::Performance, "GET /", Verdict::Alert, "2.4 times as slow")
    }));
    checks.extend(
        Trigger::ALL.into_iter().map(|trigger| {
            Check::smoke("GET /", Verdict::Refused, "answered 500").trigger(trigger)
        }),
    );
    checks
}

fn outcomes() -> Vec<Outcome> {
    let full = Report::of_checks(checks())
        .finding(Finding::error("one more"))
        .number("coverage", 95.7)
        .evidence(Evidence::new("output", "95 tests"))
        .evidence(Evidence::new("samples", vec![1, 2, 3]));
    let found = |make: fn(Finding) -> Report| {
        let mut found = findings().into_iter();
        let first = make(found.next().expect("there are findings"));
        Ok(found.fold(first, Report::finding))
    };
    let mut outcomes: Vec<Outcome> = vec![
        Ok(Report::passed()),
        Ok(full),
        found(Report::alert),
        found(Report::refused),
        found(Report::inconclusive),
    ];
    outcomes.extend(faults().into_iter().map(Err));
    outcomes
}

fn failures() -> Vec<Failure> {
    let mut causes =
        vec![Cause::Refused(findings()), Cause::Inconclusive(Vec::new()), Cause::Interrupted];
    causes.extend(faults().into_iter().map(Cause::Fault));
    let failure = |(phase, cause)| {
        let untouched = cause == Cause::Interrupted;
        Failure { phase, step: "smoke".into(), cause, whole: !untouched, untouched }
    };
    PHASES.into_iter().cycle().zip(causes).map(failure).collect()
}

fn within_phases() -> Vec<EventKind> {
    let (phase, step) = (Phase::Validate, "test".to_owned());
    let mut kinds = Vec::new();
    for phase in PHASES {
        kinds.push(EventKind::PhaseStarted { phase });
        kinds.push(EventKind::PhaseEnded { phase, verdict: None, took_ms: 0 });
    }
    for verdict in VERDICTS.map(Some) {
        kinds.push(EventKind::PhaseEnded { phase, verdict, took_ms: 1 });
    }
    for expected_ms in [None, Some(5)] {
        kinds.push(EventKind::StepStarted { phase, step: step.clone(), expected_ms });
    }
    for outcome in outcomes() {
        for (required, remembered_from) in [(true, None), (false, Some(1_760_000_000))] {
            let (outcome, step) = (outcome.clone(), step.clone());
            let done =
                EventKind::StepDone { phase, step, outcome, required, took_ms: 7, remembered_from };
            kinds.push(done);
        }
    }
    for waits_for in [Vec::new(), vec!["compile".to_owned()]] {
        kinds.push(EventKind::StepWaits { phase, step: step.clone(), waits_for });
    }
    kinds.push(EventKind::StepSkipped { phase, step, reason: "`compile` refused".into() });
    kinds
}

fn of_runs() -> Vec<EventKind> {
    let (run, target) = (RunId::new("018f"), "flyio:shop".to_owned());
    let releases = [Release::new("v7"), Release::new("v8").revision("abc")];
    let started = releases.into_iter().zip([false, true]).map(|(release, resumed)| {
        EventKind::RunStarted { run: run.clone(), release, target: target.clone(), resumed }
    });
    let ends = [
        Conclusion::Succeeded,
        Conclusion::Rejected,
        Conclusion::RolledBack,
        Conclusion::Left,
        Conclusion::Stuck,
    ];
    let ended = ends.into_iter().map(|conclusion| EventKind::RunFinished { conclusion });
    let failed = failures().into_iter().map(|failure| EventKind::Failed { failure });
    let planned = EventKind::Planned {
        steps: vec![PlannedStep { phase: Phase::Validate, step: "test".into() }],
        phases: vec![UsualPhase { phase: Phase::Verify, usual_ms: 9000 }],
    };
    let nothing = EventKind::Planned { steps: Vec::new(), phases: Vec::new() };
    started.chain([planned, nothing]).chain(ended).chain(failed).collect()
}

fn others() -> Vec<EventKind> {
    let step = || "smoke".to_owned();
    let mut kinds = vec![
        EventKind::Noted { step: "pipeline".into(), message: "stopping".into() },
        EventKind::Warned { message: "a volume is left over".into() },
        EventKind::Progressed { step: step(), done: 3, total: None },
        EventKind::Progressed { step: step(), done: 3, total: Some(8) },
        EventKind::Asking { reason: None },
        EventKind::Asking { reason: Some("the policy says so".into()) },
    ];
    for fault in faults() {
        kinds.push(EventKind::WillRetry { step: step(), attempt: 1, fault, after_ms: 500 });
    }
    for by in [DecidedBy::Policy, DecidedBy::Person, DecidedBy::Nobody] {
        for decision in [Decision::Restore, Decision::Leave, Decision::Ask] {
            for reason in [None, Some("it was a rollback itself".to_owned())] {
                kinds.push(EventKind::Decided { decision, by, reason });
            }
        }
    }
    kinds
}

/// One of each.
pub(crate) fn events() -> Vec<Event> {
    let kinds = of_runs().into_iter().chain(within_phases()).chain(others());
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_774_449_120_045);
    (1..).zip(kinds).map(|(seq, kind)| Event { seq, at, kind }).collect()
}
