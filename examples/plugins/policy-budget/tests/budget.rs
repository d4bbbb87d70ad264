//! The policy as a table, and at work.

use std::error::Error;

use pipeline_core::{
    Cause, Check, CheckKind, Conclusion, Decision, Failure, Fault, Finding, Phase, Pipeline,
    Report, RollbackPolicy as _, Step, Trigger, Verdict, verifier_fn,
};
use pipeline_testkit::{FakeTarget, MemoryJournal, a_run};
use policy_budget::Budget;

const PLENTY: f64 = 0.8;
const SOME: f64 = 0.3;
const NONE: f64 = 0.0;

fn found(trigger: Trigger) -> Cause {
    Cause::Refused(vec![Finding::error("not good").rule(trigger.as_str())])
}

#[test]
fn the_less_is_left_the_sooner_a_release_goes_back() {
    let blind = Cause::Fault(Fault::permanent(std::io::Error::other("no route")));
    for (cause, whole, decisions) in [
        (found(Trigger::Smoke), true, [Decision::Restore, Decision::Restore, Decision::Restore]),
        (
            found(Trigger::LatencyRollback),
            true,
            [Decision::Ask, Decision::Restore, Decision::Restore],
        ),
        (
            found(Trigger::LatencyRollback),
            false,
            [Decision::Restore, Decision::Restore, Decision::Restore],
        ),
        (blind, true, [Decision::Ask, Decision::Ask, Decision::Restore]),
    ] {
        let step = "latency".to_owned();
        let failure = Failure { phase: Phase::Verify, step, cause, whole, untouched: false };
        let decided = [PLENTY, SOME, NONE].map(|left| Budget::left(left).decide(&failure));
        assert_eq!(decided, decisions, "{failure:?}");
        assert_eq!(Budget::left(f64::NAN).decide(&failure), decisions[1], "nobody knows: as usual");
    }
}

#[test]
fn a_plan_shows_it_and_says_why() {
    assert_eq!(Budget::left(SOME).warnings(), [""; 0]);
    assert_eq!(Budget::left(0.04).warnings(), ["only 4 % of the error budget is left"]);
    let failure = Failure {
        phase: Phase::Verify,
        step: "latency".into(),
        cause: found(Trigger::LatencyRollback),
        whole: true,
        untouched: false,
    };
    let why = Budget::left(PLENTY).reason(&failure);
    let said = "the policy says `latency_rollback` = \"ask\", with 80 % of the error budget left";
    assert_eq!(why.as_deref(), Some(said));
}

/// A release that is a little slow, on machines of the kit.
#[tokio::test]
async fn an_alert_is_told_or_takes_the_release_back() -> Result<(), Box<dyn Error>> {
    for (left, end, users) in
        [(SOME, Conclusion::Succeeded, "v2"), (NONE, Conclusion::RolledBack, "v1")]
    {
        let machines = FakeTarget::rolling(["v1", "v1"]);
        let slow = verifier_fn(|deployment, _| async move {
            let verdict = if deployment.version == "v2" { Verdict::Alert } else { Verdict::Passed };
            let check = Check::new(CheckKind::Performance, "GET /", verdict, "2.4 times slower");
            Ok(Report::of_checks(vec![check.trigger(Trigger::LatencyAlert)]))
        });
        let pipeline = Pipeline::to(Step::deployer(machines.clone()))
            .verifier(Step::verifier("latency", slow))
            .policy(Budget::left(left))
            .build()?;
        assert_eq!(pipeline.run(&a_run("v2"), &mut MemoryJournal::new()).await?, end);
        assert_eq!(machines.serving(), [users]);
    }
    Ok(())
}
