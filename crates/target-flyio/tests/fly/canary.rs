//! One machine first, which has to prove itself among the others.

use std::time::Duration;

use pipeline_core::{Deployer, Side};
use target_flyio::{FlyTarget, Strategy};

use crate::run::{Course, context};
use crate::world::{World, metadata};

/// A target whose canaries are watched for two seconds.
fn target(world: &World, tag: &str) -> FlyTarget {
    let mut config = world.config(Strategy::Canary, tag);
    config.bake = Duration::from_secs(2);
    FlyTarget::new(config)
}

#[tokio::test(start_paused = true)]
async fn one_machine_takes_traffic_among_the_old_ones_before_the_rest_follow() {
    let world = World::inside(3).await;
    let users = world.users();
    let target = target(&world, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let beside = course.next(&target).await.unwrap();
    let new: Vec<_> = beside.instances.iter().filter(|it| it.side == Side::New).collect();
    assert_eq!((new.len(), beside.instances.len()), (1, 3));
    assert!(new[0].serving && new[0].address.is_some(), "verifiers can ask it, beside the others");
    assert!(beside.is_public());
    course.finish(&target).await.unwrap();
    drop(users);
    world.assert_new(3, "v2");
    world.assert_nothing_lost();
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_dies_while_it_is_watched_is_told_with_its_exit_and_taken_back() {
    let world = World::inside(3).await;
    let before = world.live();
    world.register("late", &[("CRASH_AFTER_MS", "900"), ("CRASH_CODE", "9")], true);
    let target = target(&world, "late");
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("it exited with code 9"), "{fault}");
    let new = world.live().iter().filter(|it| metadata(it).contains_key("pipeline_run")).count();
    assert_eq!(new, 1, "no other machine was touched");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn immediate_updates_all_at_once_and_can_be_taken_back() {
    let world = World::with(3).await;
    let before = world.live();
    let target = world.target(Strategy::Immediate, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    let changes = world.changes();
    let first_wait = changes.iter().filter(|it| it.ends_with("/cordon")).count();
    assert_eq!(first_wait, 0, "nothing is drained: {changes:#?}");
    target.finish(None, &context()).await;
    world.assert_new(3, "v2");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_longer_than_its_deadline_stops_and_goes_back() {
    let world = World::inside(2).await;
    let before = world.live();
    let mut config = world.config(Strategy::Canary, "v2");
    (config.bake, config.deadline) = (Duration::from_mins(5), Duration::from_secs(2));
    let target = FlyTarget::new(config);
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("the deploy of shop has taken more than 2s"), "{fault}");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}
