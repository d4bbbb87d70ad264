//! Every row of the table of triggers causes exactly its action: a release that is bad in one way, with each action.

use std::time::Duration;

use pipeline_core::{Conclusion, Consequence, Step, Trigger, TriggerRow, Triggers, Verifier};
use target_flyio::Strategy;

use crate::verifiers::{
    blind, journeys, performance, performance_with, smoke, watch, watch_for_outages,
};
use crate::world::{Ended, World};

/// A release that is bad in one way, and who finds that.
type Bad = (&'static [(&'static str, &'static str)], fn(&World) -> Step<dyn Verifier>);

fn bad(trigger: Trigger) -> Bad {
    match trigger {
        Trigger::Smoke => (&[("FAIL_PATH", "/api/v1/status")], |_| smoke()),
        Trigger::Journey => (&[("FAIL_PATH", "/api/v1/status")], |_| journeys()),
        Trigger::LatencyRollback => (&[("LATENCY_MS", "400")], performance),
        Trigger::LatencyAlert => (&[("LATENCY_MS", "125")], performance),
        Trigger::ColdStart => (&[("COLD_FACTOR", "60"), ("COLD_REQUESTS", "10")], |world| {
            performance_with(world, Some(Duration::from_millis(300)))
        }),
        Trigger::HealthDown => (&[("HEALTH_SCRIPT", "pass:45000,fail")], |_| watch_for_outages()),
        Trigger::ErrorRate => (&[("FAIL_PATH", "/")], |_| watch(&["/"])),
        Trigger::Database => (&[("DATABASE", "error")], |_| smoke()),
        Trigger::Degraded => (&[("HEALTH_STATUS", "degraded")], |_| smoke()),
        Trigger::Inconclusive => (&[], |_| blind()),
        Trigger::UnhealthyMachine => (&[("CRASH_AFTER_MS", "200")], |_| smoke()),
        Trigger::ReleaseCommand => unreachable!("it changes nothing, so nothing is decided"),
    }
}

async fn deploy(trigger: Trigger, action: Option<Consequence>) -> (Ended, Vec<String>) {
    let world = World::with(2, 7).await;
    let (env, verifier) = bad(trigger);
    world.image("v2", env);
    let policy = match action {
        Some(action) => Triggers::default().row(TriggerRow::new(trigger, action)),
        None => Triggers::default(),
    };
    let verifier = verifier(&world);
    let ended = world.deploy(Strategy::Rolling, "v2", |it| it.verifier(verifier).policy(policy));
    let ended = Box::pin(ended).await;
    (ended, world.versions())
}

fn both(version: &str) -> Vec<String> {
    vec![version.to_owned(); 2]
}

/// How a run must end whose verification found something to be treated so, with nobody there to ask.
fn end(action: Consequence) -> (Conclusion, Vec<String>) {
    match action {
        Consequence::Rollback => (Conclusion::RolledBack, both("v1")),
        Consequence::Ask => (Conclusion::Left, both("v2")),
        Consequence::Alert | Consequence::Ignore => (Conclusion::Succeeded, both("v2")),
    }
}

async fn causes(trigger: Trigger) {
    for action in Consequence::ALL {
        let (ended, versions) = deploy(trigger, Some(action)).await;
        let told = ended.unusual();
        assert_eq!((ended.conclusion, versions), end(action), "{trigger} {action:?}: {told:#?}");
        let alerted = told.iter().any(|it| it.contains("Alert"));
        assert_eq!(alerted, action == Consequence::Alert, "{trigger} {action:?}: {told:#?}");
    }
}

/// Without a row of one's own.
async fn usually(trigger: Trigger, action: Consequence) {
    let (ended, versions) = deploy(trigger, None).await;
    let told = ended.unusual();
    assert_eq!((ended.conclusion, versions), end(action), "{trigger}: {told:#?}");
}

macro_rules! rows {
    ($($name:ident: $trigger:ident, usually $action:ident;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            Box::pin(causes(Trigger::$trigger)).await;
            Box::pin(usually(Trigger::$trigger, Consequence::$action)).await;
        }
    )*};
}

rows! {
    smoke_tests_that_fail: Smoke, usually Rollback;
    a_journey_that_fails: Journey, usually Rollback;
    ten_times_as_slow: LatencyRollback, usually Rollback;
    three_times_as_slow: LatencyAlert, usually Alert;
    a_start_that_is_too_cold: ColdStart, usually Alert;
    health_that_goes_down: HealthDown, usually Rollback;
    pages_that_fail: ErrorRate, usually Rollback;
    a_database_out_of_reach: Database, usually Rollback;
    an_app_that_calls_itself_degraded: Degraded, usually Alert;
    what_nobody_could_tell: Inconclusive, usually Ask;
}

#[tokio::test(start_paused = true)]
async fn machines_that_crash_are_taken_back_whatever_the_table_says() {
    for action in [None, Some(Consequence::Ignore), Some(Consequence::Ask)] {
        let (ended, versions) = deploy(Trigger::UnhealthyMachine, action).await;
        assert_eq!(ended.conclusion, Conclusion::RolledBack, "{:#?}", ended.told.last());
        assert_eq!(versions, ["v1", "v1"]);
    }
}
