use jiff::{SignedDuration, Timestamp};
use pipeline_core::{Phase, PhaseTotal, RunId, Verdict};
use store_sql::{Ending, NewRun, RunHistory, RunKind, RunOutcome, RunRow};

use super::*;

/// A deploy that ended so and took so long: most of it in `verify`.
pub(crate) fn ended(outcome: RunOutcome, ms: u64) -> (RunOutcome, Vec<(Phase, u64)>) {
    (outcome, vec![(Phase::Validate, 20_000), (Phase::Verify, ms.saturating_sub(20_000))])
}

/// Runs of an environment, two a day: given oldest first, told newest first, as the store does.
pub(crate) fn history(
    runs: impl IntoIterator<Item = (RunOutcome, Vec<(Phase, u64)>)>,
) -> Vec<RunHistory> {
    let began: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();
    let run = |(index, (outcome, phases)): (usize, (RunOutcome, Vec<(Phase, u64)>))| {
        let number = i64::try_from(index).unwrap() + 1;
        let started = began + SignedDuration::from_hours(12 * (number - 1));
        let took: u64 = phases.iter().map(|(_, ms)| ms).sum();
        let verdict = Some(Verdict::Passed);
        let total = |(phase, took_ms)| PhaseTotal { phase, verdict, took_ms };
        RunHistory {
            run: row(number, started, started + std::time::Duration::from_millis(took), outcome),
            phases: phases.into_iter().map(total).collect(),
        }
    };
    let mut all: Vec<RunHistory> = runs.into_iter().enumerate().map(run).collect();
    all.reverse();
    all
}

pub(crate) fn row(
    number: i64,
    started: Timestamp,
    ended: Timestamp,
    outcome: RunOutcome,
) -> RunRow {
    RunRow {
        id: RunId::new(format!("run-{number}")),
        number,
        version: format!("v{number}"),
        begun: NewRun {
            kind: RunKind::Deploy,
            environment: "production".into(),
            target: "flyio:shop".into(),
            revision: None,
            image: None,
            origin: None,
            restores: None,
            promotes: None,
            who: "ada".into(),
            host: "build-7".into(),
            pid: 7,
            pipeline_version: "0.1.0".into(),
        },
        started,
        ended: Some(ended),
        ending: Some(Ending { conclusion: None, outcome, exit_code: 0 }),
        bad: None,
        traffic_back_ms: None,
    }
}

/// Noise that is the same each time: within 8 % of 1.
fn noise(index: u32) -> f64 {
    1.0 + 0.16 * (f64::from(index * 37 % 50) / 50.0 - 0.5)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length of time")]
fn lengths(count: u32, length: impl Fn(f64) -> f64) -> Vec<RunHistory> {
    let ms = move |it: u32| (length(f64::from(it)) * noise(it)) as u64;
    history((0..count).map(|it| ended(RunOutcome::Pass, ms(it))))
}

#[test]
fn nineteen_deploys_are_not_enough_and_twenty_are() {
    insta::assert_snapshot!(slower(&lengths(19, |_| 90_000.0), 50).sentence, @"Not enough history to say whether deploys are getting slower (19 of 20 deploys with pipeline 0.1.0).");
    insta::assert_snapshot!(slower(&lengths(20, |_| 90_000.0), 50).sentence, @"Deploys are not getting slower: no trend in the last 20 (p = 0.31).");
}

#[test]
fn a_slow_rise_is_told_with_the_phase_that_causes_it() {
    let told = slower(&lengths(50, |it| 90_000.0 * 1.01_f64.powf(it)), 50);
    insta::assert_snapshot!(told.sentence, @"Deploys are getting slower: +60 % over the last 50 (p < 0.0001); it is verify (+77 %).");
    assert_eq!(told.numbers.trend, Trend::Slower);
    let parts: Vec<_> = told.numbers.parts.iter().map(|it| (it.part, it.trend)).collect();
    assert_eq!(
        parts,
        [("total", Trend::Slower), ("validate", Trend::Steady), ("verify", Trend::Slower)]
    );
    let total = &told.numbers.parts[0];
    let per_deploy = total.per_deploy;
    assert!((0.009..0.011).contains(&per_deploy.change), "{per_deploy:?}");
    assert!(per_deploy.low.unwrap() < 0.01 && per_deploy.high.unwrap() > 0.01);
    // Two a day: fourteen a week.
    let per_week = total.per_week.unwrap().change;
    assert!((0.13..0.17).contains(&per_week), "{per_week}");
}

#[test]
fn a_fall_is_told_and_a_small_rise_is_not() {
    let told = slower(&lengths(50, |it| 90_000.0 * 0.99_f64.powf(it)), 50);
    insta::assert_snapshot!(told.sentence, @"Deploys are getting faster: -40 % over the last 50 (p < 0.0001); it is verify (-51 %).");
    let told = slower(&history((0..50).map(|it| ended(RunOutcome::Pass, 90_000 + it * 50))), 50);
    insta::assert_snapshot!(told.sentence, @"Deploys are not getting slower: +2.7 % over the last 50 is too little to tell of (p < 0.0001).");
}

#[test]
fn a_step_is_told_with_the_deploy_it_came_with() {
    let told = slower(&lengths(45, |it| if it < 33.0 { 90_000.0 } else { 130_000.0 }), 50);
    insta::assert_snapshot!(told.sentence, @"Deploys are getting slower: +45 % over the last 45 (p = 0.0001); it is verify (+58 %). The last 10 took 1.44 times as long as the 20 before (1.34 to 1.53); the break is at v34.");
    assert_eq!(told.numbers.shift.unwrap().since, "v34");
}

#[test]
fn others_than_passed_deploys_of_the_same_pipeline_are_left_out() {
    let mut runs = lengths(60, |_| 90_000.0);
    for run in &mut runs[30..] {
        run.run.begun.pipeline_version = "0.0.9".into();
    }
    runs[0].run.begun.kind = RunKind::Rollback;
    runs[1].run.ending.as_mut().unwrap().outcome = RunOutcome::Rollback;
    runs[2].run.ending = None;
    let told = slower(&runs, 50).numbers;
    assert_eq!((told.deploys, told.pipeline.as_deref()), (27, Some("0.1.0")));
    assert_eq!(slower(&runs, 22).numbers.deploys, 22);
}

#[test]
fn lengths_of_nothing_at_one_time_are_no_panic() {
    let mut runs = history((0..30).map(|_| (RunOutcome::Pass, vec![(Phase::Deploy, 0)])));
    let at = runs[0].run.started;
    for run in &mut runs {
        run.run.started = at;
    }
    let told = slower(&runs, 50).numbers;
    assert_eq!((told.trend, told.parts[0].per_week), (Trend::Steady, None));
}

#[test]
fn a_phase_that_gets_slower_is_told_where_the_others_make_up_for_it() {
    let ms =
        |it: u64| vec![(Phase::Validate, 20_000 + 200 * it), (Phase::Verify, 80_000 - 200 * it)];
    let told = slower(&history((0..50).map(|it| (RunOutcome::Pass, ms(it)))), 50);
    insta::assert_snapshot!(told.sentence, @"Deploys are not getting slower: no trend in the last 50 (p = 1.00); but validate (+48 %) is.");
}
