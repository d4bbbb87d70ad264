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
async fn keeps_the_limits(strategy: Strategy) -> (Duration, String) {
    let (took, calls) = deploy(strategy, true).await;
    let (unpaced, more) = deploy(strategy, false).await;
    assert_eq!((count(&calls, 429), count(&calls, 409)), (0, 0), "{:?}", actions(&calls));
    let (lists, reads) = (actions(&calls)["list"], actions(&calls)["get"]);
    let watched = usize::try_from(took.as_secs()).unwrap();
    assert!(lists <= 36 + watched, "all are watched by one list a second: {:?}", actions(&calls));
    assert!(reads <= 12 * 16, "and hardly any is read by itself: {:?}", actions(&calls));
    assert!(took < unpaced * 2, "{took:?} in turns, {unpaced:?} without limits");
    let words = format!(
        "{strategy:?}: {took:?} in turns, {unpaced:?} without\nin turns: {:?}\nwithout: {:?}",
        actions(&calls),
        actions(&more)
    );
    (took, words)
}

#[tokio::test(start_paused = true)]
async fn a_rolling_deploy_of_a_dozen_machines_never_meets_a_rate_limit() {
    println!("{}", keeps_the_limits(Strategy::Rolling).await.1);
}

#[tokio::test(start_paused = true)]
async fn a_bluegreen_deploy_of_a_dozen_machines_never_meets_a_rate_limit() {
    let (took, words) = keeps_the_limits(Strategy::BlueGreen).await;
    println!("{words}");
    // They boot for 8 s, are forgiven for 60 s, and end for 5 s: all of them side by side.
    assert!(took < Duration::from_secs(8 + 60) * 2, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn once_a_creation_fails_those_that_wait_for_their_turn_are_not_made() {
    let world = with(12, true).await;
    let (before, journalled) = (world.live(), world.sim.journal().len());
    let target = FlyTarget::new(config(&world, Strategy::BlueGreen));
    world.sim.inject("create@3-=422-capacity".parse().unwrap());
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("insufficient memory"), "{fault}");
    // It is tried in three rounds; in each, those that were let through before it failed are the last ones.
    let creations = actions(&world.sim.journal()[journalled..])["create"];
    assert!(creations <= 2 + 3 * 2, "{creations}");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

#[tokio::test(start_paused = true)]
async fn limits_that_somebody_else_used_up_are_waited_out() {
    let world = with(2, true).await;
    let target = FlyTarget::new(config(&world, Strategy::Rolling));
    // Another tool lists the machines more often than is allowed, all the while.
    let greedy = async {
        loop {
            world.call("GET", "/machines", None).await;
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
    };
    let deploy = async { Course::begin(&target).await.unwrap().finish(&target).await.unwrap() };
    tokio::select! { () = greedy => unreachable!("it never ends"), () = deploy => {} }
    world.assert_new(2, "v2");
}
