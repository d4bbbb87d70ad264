use pipeline_core::Fault;

use super::*;
use crate::slower::tests::{ended, history};

fn step(run: i64, phase: Phase, name: &str, answer: Result<Verdict, Fault>) -> RunStep {
    let step = StepRow {
        phase,
        step: name.into(),
        verdict: answer.as_ref().ok().copied(),
        fault: answer.err(),
        required: true,
        took_ms: 1,
        started: jiff::Timestamp::UNIX_EPOCH,
    };
    RunStep { run, step }
}

/// Runs of `validate` and `verify` where some phases ended otherwise.
fn runs(count: usize, ends: &[(i64, Phase, Option<Verdict>)]) -> Vec<RunHistory> {
    let mut runs = history((0..count).map(|_| ended(RunOutcome::Pass, 60_000)));
    for (number, phase, verdict) in ends {
        let run = runs.iter_mut().find(|it| it.run.number == *number).unwrap();
        run.run.ending.as_mut().unwrap().outcome = RunOutcome::Fail;
        let total = run.phases.iter_mut().find(|it| it.phase == *phase).unwrap();
        total.verdict = *verdict;
    }
    runs
}

const NO: Option<Verdict> = Some(Verdict::Refused);

#[test]
fn of_no_failure_an_upper_bound_is_told() {
    insta::assert_snapshot!(most(&runs(50, &[]), &[], 50).sentence, @"No phase failed in the last 50 deploys: any fails at most 7.1 % of the time.");
    insta::assert_snapshot!(most(&runs(1, &[]), &[], 50).sentence, @"No phase failed in the last deploy: any fails at most 79 % of the time.");
    insta::assert_snapshot!(most(&[], &[], 50).sentence, @"No deploy has ended yet, so nothing can be said of what fails.");
}

#[test]
fn what_fails_most_is_named_with_its_step_and_its_rival() {
    let ends: Vec<_> = (1..=7).map(|it| (it, Phase::Verify, NO)).collect();
    let mut steps: Vec<_> =
        (1..=7).map(|it| step(it, Phase::Verify, "smoke", Ok(Verdict::Refused))).collect();
    steps.extend((8..=50).map(|it| step(it, Phase::Verify, "smoke", Ok(Verdict::Passed))));
    steps.push(step(9, Phase::Verify, "watch", Ok(Verdict::Passed)));
    insta::assert_snapshot!(most(&runs(50, &ends), &steps, 50).sentence, @"verify fails most in the last 50 deploys: 7 of 50 (7 % to 26 %), mostly smoke (7 of 50).");
    let mut ends = ends;
    ends.extend((8..=10).map(|it| (it, Phase::Validate, NO)));
    insta::assert_snapshot!(most(&runs(50, &ends), &steps, 50).sentence, @"verify fails most in the last 50 deploys: 7 of 50 (7 % to 26 %), mostly smoke (7 of 50); validate, 3 of 50 (2.1 % to 16 %), may fail as often.");
}

#[test]
fn a_tie_is_said_to_be_one() {
    let ends: Vec<_> = (1..=3)
        .map(|it| (it, Phase::Verify, NO))
        .chain((4..=6).map(|it| (it, Phase::Validate, NO)))
        .collect();
    let told = most(&runs(50, &ends), &[], 50);
    insta::assert_snapshot!(told.sentence, @"validate and verify are tied in the last 50 deploys: each failed 3 of 50 (2.1 % to 16 %).");
    assert_eq!(told.numbers.phases[0].tied_with.len(), 1);
}

#[test]
fn kinds_of_ends_are_kept_apart_and_what_somebody_stopped_is_no_failure() {
    let ends: Vec<_> = (1..=5).map(|it| (it, Phase::Verify, None)).collect();
    let broken = || Fault::permanent(std::io::Error::other("no route"));
    let late = Fault::timed_out(std::time::Duration::from_secs(1));
    let answers = [
        Ok(Verdict::Inconclusive),
        Err(broken()),
        Err(broken()),
        Err(late),
        Err(Fault::cancelled()),
    ];
    let steps: Vec<_> =
        (1..).zip(answers).map(|(run, answer)| step(run, Phase::Verify, "smoke", answer)).collect();
    let told = most(&runs(20, &ends), &steps, 50);
    insta::assert_snapshot!(told.sentence, @"verify fails most in the last 20 deploys: 4 of 19 (8.5 % to 43 %): 1 could not tell, 2 errored, 1 timed out, 1 cancelled.");
    let verify = &told.numbers.phases[0];
    assert_eq!((verify.failed, verify.of, verify.times.cancelled), (4, 19, 1));
    assert_eq!(told.numbers.steps[0].times, verify.times);
}

#[test]
fn ten_of_fifty_come_before_two_of_ten() {
    let often = Rank::of((Phase::Deploy, None), (50, Times { failed: 10, ..Times::default() }));
    let few = Rank::of((Phase::Verify, None), (10, Times { failed: 2, ..Times::default() }));
    assert_eq!(often.share(), "10 of 50 (11 % to 33 %)");
    assert!(often.low > few.low && few.share() == "2 of 10 (5.7 % to 51 %)", "{}", few.share());
}

#[test]
fn a_step_counts_by_its_last_answer_and_only_where_it_is_required() {
    let mut steps = vec![
        step(1, Phase::Verify, "smoke", Ok(Verdict::Refused)),
        step(1, Phase::Verify, "smoke", Ok(Verdict::Passed)),
        step(1, Phase::Validate, "credo", Ok(Verdict::Refused)),
        step(99, Phase::Verify, "smoke", Ok(Verdict::Refused)),
    ];
    steps[2].step.required = false;
    let told = most(&runs(3, &[]), &steps, 50).numbers;
    assert_eq!(told.steps.len(), 1);
    assert_eq!((told.steps[0].failed, told.steps[0].of), (0, 1));
}
