//! Fly.io's rate limits, kept by waiting: deploys of a dozen machines on virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use sim_flyio::ApiCall;
use target_flyio::{FlyTarget, Strategy};
use tokio::time::Instant;

use crate::run::Course;
use crate::virtual_time::{config, with};

/// Deploys v2 to twelve machines; how long it took, and what was asked.
async fn deploy(strategy: Strategy, paced: bool) -> (Duration, Vec<ApiCall>) {
    let world = with(12, paced).await;
    let before = world.sim.journal().len();
    let mut config = config(&world, strategy);
    config.paced = paced;
    let (target, began) = (FlyTarget::new(config), Instant::now());
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    let took = began.elapsed();
    world.assert_new(12, "v2");
    (took, world.sim.journal().split_off(before))
}

fn count(calls: &[ApiCall], status: u16) -> usize {
    calls.iter().filter(|it| it.status == Some(status)).count()
}

/// How often each action was asked for, to be read where a test fails or is watched.
fn actions(calls: &[ApiCall]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        let action = call.action().unwrap_or(&call.method);
        *counts.entry(action.to_owned()).or_default() += 1;
    }
    counts
}

/// No answer says that it was too much, and no lease is lost or given to somebody else. Says how it went.
async fn keeps_the_limits(strategy: Strategy) -> String {
    let (took, calls) = deploy(strategy, true).await;
    let (unpaced, more) = deploy(strategy, false).await;
    assert_eq!((count(&calls, 429), count(&calls, 409)), (0, 0), "{:?}", actions(&calls));
    assert!(actions(&calls)["list"] <= 36, "lists are shared: {:?}", actions(&calls));
    assert!(took < unpaced * 2, "{took:?} in turns, {unpaced:?} without limits");
    format!(
        "{strategy:?}: {took:?} in turns, {unpaced:?} without\nin turns: {:?}\nwithout: {:?}",
        actions(&calls),
        actions(&more)
    )
}

#[tokio::test(start_paused = true)]
async fn a_rolling_deploy_of_a_dozen_machines_never_meets_a_rate_limit() {
    println!("{}", keeps_the_limits(Strategy::Rolling).await);
}

#[tokio::test(start_paused = true)]
async fn a_bluegreen_deploy_of_a_dozen_machines_never_meets_a_rate_limit() {
    println!("{}", keeps_the_limits(Strategy::BlueGreen).await);
}

#[tokio::test(start_paused = true)]
async fn limits_that_somebody_else_used_up_are_waited_out() {
    let world = with(2, true).await;
    let target = FlyTarget::new(config(&world, Strategy::Rolling));
    // Another tool lists the machines ten times a second all the while.
    let greedy = async {
        loop {
            world.call("GET", "/machines", None).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let deploy = async { Course::begin(&target).await.unwrap().finish(&target).await.unwrap() };
    tokio::select! { () = greedy => unreachable!("it never ends"), () = deploy => {} }
    world.assert_new(2, "v2");
}
