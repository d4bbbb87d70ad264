use jiff::ToSpan;
use store_sql::{Ending, RunRow};

use super::*;
use crate::slower::tests::row;

/// A run: how many hours after the beginning, for how many minutes, what it was and how it ended.
fn run(number: i64, hours: i64, (kind, conclusion): (RunKind, Conclusion)) -> RunRow {
    let started = start() + hours.hours();
    let outcome = match conclusion {
        Conclusion::Succeeded => RunOutcome::Pass,
        Conclusion::Rejected | Conclusion::Left => RunOutcome::Fail,
        Conclusion::RolledBack => RunOutcome::Rollback,
        Conclusion::Stuck => RunOutcome::Stuck,
    };
    let mut row = row(number, started, started + 6.minutes(), outcome);
    row.begun.kind = kind;
    row.ending = Some(Ending { conclusion: Some(conclusion), outcome, exit_code: 0 });
    row.begun.revision = Some(format!("rev-{number}"));
    row
}

fn start() -> Timestamp {
    "2026-01-01T09:00:00Z".parse().unwrap()
}

fn asked(mut runs: Vec<RunRow>, days: i64) -> Dora {
    let commits =
        runs.iter().map(|it| (format!("rev-{}", it.number), it.started - 2.hours())).collect();
    let cut_overs = runs.iter().map(|it| (it.number, it.started + 2.minutes())).collect();
    runs.reverse();
    dora(&Ground {
        runs: &runs,
        commits: &commits,
        cut_overs: &cut_overs,
        from: start(),
        now: start() + (days * 24).hours(),
        window: SignedDuration::from_hours(24),
    })
}

fn sentences(told: &Dora) -> String {
    let all = [
        &told.deployment_frequency.sentence,
        &told.change_lead_time.sentence,
        &told.change_fail_rate.sentence,
        &told.failed_deployment_recovery_time.sentence,
        &told.deployment_rework_rate.sentence,
    ];
    all.map(String::as_str).join("\n")
}

const GOOD: (RunKind, Conclusion) = (RunKind::Deploy, Conclusion::Succeeded);
const BACK: (RunKind, Conclusion) = (RunKind::Rollback, Conclusion::Succeeded);
const WENT_BACK: (RunKind, Conclusion) = (RunKind::Deploy, Conclusion::RolledBack);

#[test]
fn of_nothing_nothing_is_said_but_how_much_is_needed() {
    insta::assert_snapshot!(sentences(&asked(Vec::new(), 0)), @r"
        Not enough to say how often it is deployed (0 of 4 whole weeks; 0 deploys).
        Not enough to say how long a commit takes to serve (0 of 5 commits).
        Not enough to say how many deploys fail (0 of 5 deploys; 0 failed).
        No deploy that users had has failed.
        Not enough to say how much is rework (0 of 5 deploys and rollbacks; 0 were).
        ");
    insta::assert_snapshot!(sentences(&asked(vec![run(1, 0, GOOD)], 1)), @r"
        Not enough to say how often it is deployed (0 of 4 whole weeks; 1 deploy).
        Not enough to say how long a commit takes to serve (1 of 5 commits).
        Not enough to say how many deploys fail (1 of 5 deploys; 0 failed).
        No deploy that users had has failed.
        Not enough to say how much is rework (1 of 5 deploys and rollbacks; 0 were).
        ");
}

#[test]
fn a_team_that_deploys_every_day() {
    let mut runs: Vec<RunRow> = (0..40).map(|day| run(day + 1, day * 24, GOOD)).collect();
    runs[10] = run(11, 240, WENT_BACK);
    runs[10].traffic_back_ms = Some(900);
    runs[20] = run(21, 480, WENT_BACK);
    runs[30] = run(31, 720, (RunKind::Deploy, Conclusion::Rejected));
    insta::assert_snapshot!(sentences(&asked(runs, 42)), @r"
        Deployed daily: on 6 days of the median week (36 deploys in 6 weeks).
        A commit serves after 2h 06m in the median (37 commits).
        5.1 % of deploys fail: 2 of 39 (1.4 % to 17 %); 2 went back automatically.
        Not enough to say how long recovery takes (1 of 3 failed deploys; the last took 4m 00s; 1 more went back before any user had them).
        5.1 % of deploys and rollbacks are rework: 2 of 39 (1.4 % to 17 %); 0 rollbacks, 2 fixes.
        ");
}

#[test]
fn a_rollback_belongs_to_the_deploy_before_it_within_the_window_and_to_one_only() {
    // Twice back within a day is one bad deploy; a week later nobody knows what was bad.
    let mut runs: Vec<RunRow> = (0..6).map(|it| run(it + 1, it * 48, GOOD)).collect();
    runs.push(run(7, 242, BACK));
    runs.push(run(8, 243, BACK));
    runs.push(run(9, 300, GOOD));
    runs.push(run(10, 600, BACK));
    let told = asked(runs, 40);
    let rate = &told.change_fail_rate.numbers;
    assert_eq!((rate.rate.count, rate.rate.of, rate.taken_back), (1, 7, 1));
    insta::assert_snapshot!(sentences(&told), @r"
        Deployed less than monthly: on 0 days of the median week (4 deploys in 5 weeks).
        A commit serves after 2h 06m in the median (7 commits).
        14 % of deploys fail: 1 of 7 (2.6 % to 51 %); 1 taken back by hand.
        Not enough to say how long recovery takes (1 of 3 failed deploys; the last took 2h 00m).
        30 % of deploys and rollbacks are rework: 3 of 10 (11 % to 60 %); 3 rollbacks, 0 fixes.
        ");
}

#[test]
fn a_fix_that_went_back_by_itself_does_not_hide_what_served_before_it() {
    let went_back = (RunKind::Deploy, Conclusion::RolledBack);
    let runs = vec![run(1, 0, GOOD), run(2, 1, went_back), run(3, 2, BACK)];
    let told = asked(runs, 3);
    let rate = &told.change_fail_rate.numbers;
    assert_eq!((rate.rate.count, rate.rate.of, rate.taken_back), (2, 2, 1));
}

#[test]
fn what_a_rollback_brings_back_did_not_fail() {
    let left = (RunKind::Deploy, Conclusion::Left);
    let mut runs = vec![run(1, 0, GOOD), run(2, 1, left), run(3, 2, BACK)];
    runs[1].bad = Some("smoke refused".into());
    runs[2].begun.restores = Some(runs[0].id.clone());
    let rate = asked(runs.clone(), 3).change_fail_rate.numbers;
    assert_eq!((rate.rate.count, rate.rate.of, rate.taken_back), (1, 2, 0));
    runs.remove(1);
    assert_eq!(asked(runs, 3).change_fail_rate.numbers.rate.count, 0);
}

#[test]
fn a_stuck_deploy_lasts_until_something_good_serves_and_one_left_bad_counts() {
    let stuck = (RunKind::Deploy, Conclusion::Stuck);
    let left = (RunKind::Deploy, Conclusion::Left);
    let mut runs = vec![run(1, 0, GOOD), run(2, 10, stuck), run(3, 13, GOOD), run(4, 40, left)];
    runs[3].bad = Some("smoke refused".into());
    let told = asked(runs.clone(), 3);
    let recovery = &told.failed_deployment_recovery_time.numbers;
    assert_eq!((recovery.recovered, recovery.open, recovery.last_ms), (1, 1, Some(10_800_000)));
    assert_eq!(told.deployment_rework_rate.numbers.fixes, 1);
    // A deploy that was left because only tidying up failed is a good one.
    runs[3].bad = None;
    assert_eq!(asked(runs, 3).change_fail_rate.numbers.rate.count, 1);
}

#[test]
fn no_week_has_more_than_seven_days() {
    let runs = (0..120).map(|it| run(it + 1, it * 8, GOOD)).collect();
    let frequency = asked(runs, 40).deployment_frequency.numbers;
    assert_eq!((frequency.days_a_week, frequency.weeks), (Some(7.0), 5));
    // Those of the days before the whole weeks are not told as if they were in them.
    assert_eq!(frequency.deploys, 103);
}

#[test]
fn the_buckets_are_those_of_four_keys() {
    let bucket = |hours: &dyn Fn(i64) -> i64, count: i64| {
        let runs = (0..count).map(|it| run(it + 1, hours(it), GOOD)).collect();
        asked(runs, 84).deployment_frequency.numbers.bucket.unwrap()
    };
    assert_eq!(bucket(&|it| it * 48, 42), Bucket::Daily);
    assert_eq!(bucket(&|it| it * 24 * 6, 14), Bucket::Weekly);
    assert_eq!(bucket(&|it| it * 24 * 20, 4), Bucket::Monthly);
    assert_eq!(bucket(&|it| it * 24, 2), Bucket::Yearly);
}

#[test]
fn a_revision_counts_once_and_one_that_git_does_not_know_is_said_to_be_unknown() {
    let mut runs: Vec<RunRow> = (0..7).map(|it| run(it + 1, it * 24, GOOD)).collect();
    runs[3].begun.revision = Some("rev-3".into());
    runs[6].begun.revision = None;
    let told = asked(runs, 8).change_lead_time;
    assert_eq!((told.numbers.deploys, told.numbers.unknown), (5, 1));
    insta::assert_snapshot!(told.sentence, @"A commit serves after 2h 06m in the median (5 commits; of 1 more the commit's time is unknown).");
}

#[test]
fn of_very_many_deploys_the_newest_thousand_tell_the_lead_time() {
    let mut runs: Vec<RunRow> = (1..=1_011).map(|it| run(it, it, GOOD)).collect();
    // The newest brings the oldest revision once more: that was served long ago, and takes nobody's place.
    runs[1_010].begun.revision = Some("rev-1".into());
    let lead = asked(runs.clone(), 45).change_lead_time.numbers;
    assert_eq!((lead.deploys, lead.unknown), (1_000, 0));
    runs.reverse();
    let wanted = revisions(&runs);
    assert_eq!((wanted.len(), wanted[0], wanted[999]), (1_000, "rev-1010", "rev-11"));
}
