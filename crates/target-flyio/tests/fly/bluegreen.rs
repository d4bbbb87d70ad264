//! The bluegreen strategy.

use pipeline_core::{Deployer, Side};
use serde_json::json;
use target_flyio::{FlyTarget, Strategy};

use crate::run::{Course, context};
use crate::world::World;

#[tokio::test(start_paused = true)]
async fn a_bluegreen_deploy_loses_no_request_and_leaves_nothing_over() {
    let world = World::inside(2).await;
    let users = world.users();
    let target = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let names: Vec<&str> = course.stages.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["green", "switch", "settle"]);

    let green = course.next(&target).await.unwrap();
    assert!(!green.is_public(), "{green:#?}");
    assert_eq!(green.subjects().count(), 2);
    let switched = course.next(&target).await.unwrap();
    assert_eq!(switched.version, "v2");
    assert!(switched.is_public() && switched.instances.len() == 4);
    assert!(switched.instances.iter().all(|it| it.serving == (it.side == Side::New)));
    course.finish(&target).await.unwrap();

    drop(users);
    world.assert_new(2, "v2");
    world.assert_nothing_lost();
}

#[tokio::test(start_paused = true)]
async fn new_machines_that_the_proxy_hands_nothing_have_an_address_once_users_reach_them() {
    let world = World::inside_shut(2).await;
    let users = world.users();
    let target = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let addressed = |it: &pipeline_core::Deployment, side| {
        let of_side = it.instances.iter().filter(|it| it.side == side);
        of_side.filter(|it| it.address.is_some()).count()
    };
    let green = course.next(&target).await.unwrap();
    assert_eq!((addressed(&green, Side::New), addressed(&green, Side::Old)), (0, 2), "{green:#?}");
    assert!(green.awaits_users);
    let switched = course.next(&target).await.unwrap();
    assert_eq!((addressed(&switched, Side::New), addressed(&switched, Side::Old)), (2, 0));
    assert!(!switched.awaits_users);
    course.finish(&target).await.unwrap();
    drop(users);
    world.assert_new(2, "v2");
    world.assert_nothing_lost();
}

#[tokio::test(start_paused = true)]
async fn a_release_taken_back_after_the_switch_loses_no_request() {
    let world = World::inside(2).await;
    let (before, users) = (world.live(), world.users());
    let target = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    course.next(&target).await.unwrap();
    let restored = course.restore(&target).await.unwrap();
    drop(users);
    assert_eq!(restored.version, "v41");
    assert!(restored.instances.iter().all(|it| it.side == Side::Old && it.serving));
    world.assert_old(&before);
    world.assert_nothing_lost();
}

#[tokio::test(start_paused = true)]
async fn new_machines_that_never_get_well_are_removed_and_the_old_ones_never_noticed() {
    let world = World::inside(2).await;
    let (before, users) = (world.live(), world.users());
    let mut config = world.config(Strategy::BlueGreen, "sick");
    config.wait_timeout = Some(std::time::Duration::from_secs(1));
    let target = FlyTarget::new(config);
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("is not healthy after"), "{fault}");
    assert!(fault.message().contains("check servicecheck-00-http-8080 is critical"), "{fault}");
    course.restore(&target).await.unwrap();
    drop(users);
    world.assert_old(&before);
    world.assert_nothing_lost();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_release_is_deployed_again_exactly_as_it_was_recorded() {
    let world = World::with(2).await;
    let first = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&first).await.unwrap();
    course.finish(&first).await.unwrap();
    let recorded = course.stages[0].data.clone();
    let was = world.live()[0].config.clone();

    // By now fly.toml and the machines are others.
    let mut other = was.clone();
    other["env"]["COLOUR"] = json!("green");
    other["guest"]["memory_mb"] = json!(1024);
    other["image"] = json!("registry.fly.io/shop:v1");
    for machine in world.live() {
        world
            .call("POST", &format!("/machines/{}", machine.id), Some(json!({"config": other})))
            .await;
    }
    world.until(|world| world.live().iter().all(crate::world::is_well)).await;

    let config = world.config(Strategy::Rolling, "v1");
    let again = FlyTarget::from_recorded(config, &recorded).unwrap();
    let cx = crate::run::run("run-2", pipeline_core::Cancel::never())
        .context(pipeline_core::Phase::Deploy, "fly");
    let snapshot = again.snapshot(&cx).await.unwrap();
    let stages = again.stages(&snapshot, &cx).await.unwrap();
    assert_eq!(stages.len(), 3, "with the same strategy");
    for stage in &stages {
        again.advance(stage, &snapshot, &cx).await.unwrap();
    }
    again.finish(None, &context()).await;
    world.assert_new(2, "v2");
    for key in ["env", "guest", "services", "image"] {
        assert_eq!(world.live()[0].config[key], was[key], "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_interrupted_run_left_is_removed_by_the_next_one() {
    let world = World::with(2).await;
    let dead = world.target(Strategy::BlueGreen, "v2");
    Course::begin(&dead).await.unwrap().next(&dead).await.unwrap();
    dead.finish(None, &context()).await;
    drop(dead);
    assert_eq!(world.live().len(), 4);

    let target = world.target(Strategy::Rolling, "v2");
    let cx = crate::run::run("run-2", pipeline_core::Cancel::never())
        .context(pipeline_core::Phase::Deploy, "fly");
    let snapshot = target.snapshot(&cx).await.unwrap();
    let stages = target.stages(&snapshot, &cx).await.unwrap();
    assert_eq!(stages[0].changes.len(), 2);
    assert!(stages[1].settles && stages[1].changes[0].contains("left behind by run-1"));
    for stage in &stages {
        target.advance(stage, &snapshot, &cx).await.unwrap();
    }
    target.finish(None, &cx).await;
    world.assert_new(2, "v2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_a_person_cordoned_gets_a_cordoned_successor() {
    let world = World::with(2).await;
    let id = world.live()[0].id.clone();
    world.call("POST", &format!("/machines/{id}/cordon"), None).await;
    let target = world.target(Strategy::BlueGreen, "v2");
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    let cordoned = world.live().iter().filter(|it| it.cordoned).count();
    assert_eq!((world.live().len(), cordoned), (2, 1));
}
