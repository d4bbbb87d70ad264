//! Every trigger with every action, and what goes before the table.

use super::*;
use crate::fault::Fault;
use crate::finding::{Check, CheckKind, Evidence, Finding, Severity};
use crate::phase::Phase;
use crate::policy::BadRelease;
use crate::report::Verdict;

fn with(when: Trigger, action: Consequence) -> Triggers {
    Triggers::default().row(TriggerRow::new(when, action))
}

fn check(trigger: Trigger, verdict: Verdict) -> Check {
    Check::new(CheckKind::Watch, "GET /", verdict, "answered 500").trigger(trigger)
}

fn failure(cause: Cause, whole: bool) -> Failure {
    Failure { phase: Phase::Verify, step: "watch".into(), cause, whole, untouched: false }
}

fn refused(triggers: &[Trigger]) -> Cause {
    let checks = triggers.iter().map(|it| check(*it, Verdict::Refused)).collect();
    Cause::Refused(Report::of_checks(checks).findings().to_vec())
}

fn broken() -> Fault {
    Fault::permanent(std::io::Error::other("broken"))
}

#[test]
fn every_trigger_with_every_action_does_what_the_row_says() {
    use Consequence as C;
    for trigger in Trigger::ALL {
        for action in C::ALL {
            let policy = with(trigger, action);
            let seen = match trigger {
                Trigger::Inconclusive => Verdict::Inconclusive,
                _ => Verdict::Refused,
            };
            let weighed = policy.weigh(Report::of_checks(vec![check(trigger, seen)]));
            let wanted = match action {
                C::Rollback | C::Ask => seen,
                C::Alert => Verdict::Alert,
                C::Ignore => Verdict::Passed,
            };
            assert_eq!(weighed.verdict(), wanted, "{trigger} {action:?}");
            assert_eq!(weighed.findings()[0].rule.as_deref(), Some(trigger.as_str()));
            let cause = match weighed.verdict() {
                Verdict::Refused => Cause::Refused(weighed.findings().to_vec()),
                Verdict::Inconclusive => Cause::Inconclusive(weighed.findings().to_vec()),
                Verdict::Passed | Verdict::Alert => continue,
            };
            let decided = if action == C::Ask { Decision::Ask } else { Decision::Restore };
            assert_eq!(policy.decide(&failure(cause.clone(), true)), decided, "{trigger}");
            // A mixture is never left, and nobody is asked whether it should be.
            assert_eq!(policy.decide(&failure(cause, false)), Decision::Restore, "{trigger}");
        }
    }
}

#[test]
fn every_fault_with_every_action_is_decided_without_leaving_a_mixture() {
    use Consequence as C;
    for trigger in Trigger::ALL {
        for action in C::ALL {
            let cause = Cause::Fault(broken().trigger(trigger));
            let wanted = match action {
                C::Rollback => Decision::Restore,
                C::Ask => Decision::Ask,
                C::Alert | C::Ignore => Decision::Leave,
            };
            let policy = with(trigger, action);
            assert_eq!(policy.decide(&failure(cause.clone(), true)), wanted);
            assert_eq!(policy.decide(&failure(cause, false)), Decision::Restore);
        }
    }
}

#[test]
fn the_usual_table_is_this() {
    let rows = Triggers::default().rows();
    let told: Vec<String> =
        rows.iter().map(|it| format!("{} {}", it.when, it.action.as_str())).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    smoke rollback
    latency_rollback rollback
    latency_alert alert
    cold_start alert
    journey rollback
    health_down rollback
    error_rate rollback
    database rollback
    degraded alert
    inconclusive ask
    unhealthy_machine rollback
    release_command rollback
    ");
    let mine = TriggerRow { when: Trigger::ErrorRate, above: Some(0.02), action: Consequence::Ask };
    let rows = Triggers::default().row(mine).rows();
    assert!(rows.contains(&mine) && rows.len() == Trigger::ALL.len());
    for action in Consequence::ALL {
        assert_eq!(Consequence::named(action.as_str()), Some(action));
        assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
    }
}

#[test]
fn the_gravest_of_several_counts_and_what_names_none_goes_back() {
    let policy = with(Trigger::Journey, Consequence::Ask);
    let ask = refused(&[Trigger::Journey]);
    assert_eq!(policy.decide(&failure(ask.clone(), true)), Decision::Ask);
    insta::assert_snapshot!(policy.reason(&failure(ask, true)).unwrap(), @r#"the policy says `journey` = "ask""#);
    let both = refused(&[Trigger::Journey, Trigger::Smoke]);
    assert_eq!(policy.decide(&failure(both, true)), Decision::Restore);
    for cause in [Cause::Refused(vec![Finding::error("no")]), Cause::Interrupted] {
        assert_eq!(policy.decide(&failure(cause, true)), Decision::Restore);
    }
    assert_eq!(policy.decide(&failure(Cause::Fault(broken()), true)), Decision::Ask, "blind");
}

#[test]
fn an_alert_is_raised_only_where_the_trigger_is_one_by_its_nature() {
    let seen = |trigger| Report::of_checks(vec![check(trigger, Verdict::Alert)]);
    let latency = with(Trigger::LatencyAlert, Consequence::Rollback);
    assert_eq!(latency.weigh(seen(Trigger::LatencyAlert)).verdict(), Verdict::Refused);
    let usual = Triggers::default();
    assert_eq!(usual.weigh(seen(Trigger::LatencyAlert)).verdict(), Verdict::Alert);
    // Such as a certificate that ends in a few days.
    assert_eq!(usual.weigh(seen(Trigger::Smoke)).verdict(), Verdict::Alert);
}

#[test]
fn a_weighed_report_keeps_what_it_rests_on() {
    let checks = vec![
        check(Trigger::Smoke, Verdict::Refused),
        check(Trigger::Degraded, Verdict::Alert),
        Check::smoke("GET /health", Verdict::Passed, "answered 200"),
    ];
    let report = Report::of_checks(checks)
        .finding(Finding::note("asked through 2 addresses"))
        .number("probes", 7.0)
        .evidence(Evidence::new("GET /", "oops"));
    let all = |row: Consequence| {
        Trigger::ALL
            .into_iter()
            .fold(Triggers::default(), |it, when| it.row(TriggerRow::new(when, row)))
    };
    let same = all(Consequence::Rollback).weigh(report.clone());
    assert_eq!((same.verdict(), same.findings().len()), (Verdict::Refused, 3));
    let ignored = all(Consequence::Ignore).weigh(report.clone());
    assert_eq!(ignored.verdict(), Verdict::Passed);
    assert!(ignored.findings().iter().all(|it| it.severity == Severity::Note));
    assert_eq!(ignored.findings().len(), 3);
    insta::assert_snapshot!(ignored.findings()[1].message, @r#"GET /: answered 500; ignored: the policy says `smoke` = "ignore""#);
    assert_eq!(
        (ignored.numbers(), ignored.all_evidence()),
        (report.numbers(), report.all_evidence())
    );
    // Without checks there is nothing to weigh: whoever answered so has said all of it.
    let plain = Report::refused(Finding::error("no").rule("smoke"));
    assert_eq!(all(Consequence::Ignore).weigh(plain.clone()), plain);
}

#[test]
fn nothing_goes_back_by_itself_where_that_makes_it_worse() {
    let bad = BadRelease { version: "v5".into(), why: "smoke refused".into() };
    let migration = "priv/repo/migrations/1_a.exs:3: `execute/1` cannot be undone".to_owned();
    let none = Circumstances::default;
    let table = [
        (Circumstances { rolls_back: true, ..none() }, Decision::Leave),
        (Circumstances { back_to_bad: Some(bad.clone()), ..none() }, Decision::Ask),
        (Circumstances { bad_again: Some(bad), ..none() }, Decision::Restore),
        (
            Circumstances { irreversible: vec![migration.clone(), migration], ..none() },
            Decision::Leave,
        ),
        (Circumstances { unknown: vec!["no git".into()], ..none() }, Decision::Restore),
    ];
    let mut reasons = Vec::new();
    for (circumstances, decision) in table {
        let policy = Triggers::default().under(circumstances);
        let whole = failure(refused(&[Trigger::Smoke]), true);
        assert_eq!(policy.decide(&whole), decision);
        let mixed = failure(refused(&[Trigger::Smoke]), false);
        assert_eq!((policy.decide(&mixed), policy.reason(&mixed)), (Decision::Restore, None));
        reasons.extend(policy.reason(&whole));
        reasons.extend(policy.warnings());
    }
    insta::assert_snapshot!(reasons.join("\n"), @r"
    it was a rollback itself, and one rollback does not start another
    a failed verification will not be rolled back by itself: this is a rollback, and one rollback does not start another
    v5, the release before, is marked bad: smoke refused
    a failed verification will not be rolled back by itself: v5, which serves now, is marked bad (smoke refused)
    v5 brought this very release, and is marked bad (smoke refused)
    priv/repo/migrations/1_a.exs:3: `execute/1` cannot be undone (and 1 more), so the release before would run on data that it does not know
    a failed verification will not be rolled back by itself: priv/repo/migrations/1_a.exs:3: `execute/1` cannot be undone (and 1 more)
    no git
    ");
}
