use super::*;
use crate::finding::Finding;
use crate::report::Report;

fn at(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
}

fn account(events: Vec<(u64, EventKind)>) -> Account {
    let told = (1..).zip(events).map(|(seq, (ms, kind))| Event { seq, at: at(ms), kind });
    Account::of(&told.collect::<Vec<_>>())
}

fn done(phase: Phase, step: &str, outcome: Outcome, took_ms: u64) -> EventKind {
    let (step, required, remembered_from) = (step.to_owned(), true, None);
    EventKind::StepDone { phase, step, outcome, required, took_ms, remembered_from }
}

fn ended(phase: Phase, verdict: Option<Verdict>, took_ms: u64) -> EventKind {
    EventKind::PhaseEnded { phase, verdict, took_ms }
}

#[test]
fn passes_stay_apart_and_are_summed_by_phase() {
    let phase = Phase::Verify;
    let alert = Report::alert(Finding::warning("slow"));
    let account = account(vec![
        (0, EventKind::PhaseStarted { phase }),
        (10, done(phase, "smoke", Ok(alert), 10)),
        (10, ended(phase, Some(Verdict::Alert), 10)),
        (20, EventKind::PhaseStarted { phase }),
        (25, done(phase, "smoke", Ok(Report::passed()), 5)),
        (25, ended(phase, Some(Verdict::Passed), 5)),
    ]);
    let verdicts: Vec<_> = account.steps().map(|(_, step)| step.verdict()).collect();
    assert_eq!(verdicts, [Some(Verdict::Alert), Some(Verdict::Passed)]);
    let total = PhaseTotal { phase, verdict: Some(Verdict::Alert), took_ms: 15 };
    assert_eq!((account.totals(), account.took_ms()), (vec![total], 25));
}

#[test]
fn a_step_ends_where_it_began_and_keeps_its_retries() {
    let (phase, step) = (Phase::Validate, "test".to_owned());
    let fault = Fault::transient(std::io::Error::other("no answer"));
    let account = account(vec![
        (0, EventKind::PhaseStarted { phase }),
        (5, EventKind::StepStarted { phase, step: step.clone(), expected_ms: None }),
        (6, EventKind::WillRetry { step, attempt: 1, fault: fault.clone(), after_ms: 3 }),
        (20, done(phase, "test", Ok(Report::passed()), 15)),
        (20, EventKind::StepSkipped { phase, step: "score".into(), reason: "off".into() }),
    ]);
    let steps = &account.phases[0].steps;
    assert_eq!((steps[0].started, steps[0].took_ms()), (at(5), Some(15)));
    assert_eq!(steps[0].retries, [Retry { attempt: 1, fault, after_ms: 3 }]);
    assert_eq!(steps[1].end, Some(StepEnd::Skipped { reason: "off".into() }));
}

#[test]
fn what_was_told_of_is_kept_although_its_beginning_was_lost() {
    let account = account(vec![(100, done(Phase::Build, "image", Ok(Report::passed()), 40))]);
    assert_eq!((account.phases[0].phase, account.phases[0].started), (Phase::Build, at(60)));
    assert_eq!(account.totals(), []);
}
