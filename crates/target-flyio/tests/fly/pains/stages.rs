//! What is lost between the stages of a deploy.

use std::path::Path;
use std::time::Duration;

use pipeline_core::{Cancel, Conclusion, Deployer, Verdict, Verifier};
use serde_json::json;
use target_flyio::{FlyTarget, FlyToml, Strategy};
use tokio::time::{Instant, sleep};
use verify_http::{Client, Connections, Smoke, SmokeCheck, SmokeConfig};

use super::{patient, register, running, settle, with};
use crate::engine::{Memory, pipeline};
use crate::run::{Course, context, run};
use crate::world::{image, old_config};

/// Pain 4: a blue-green deploy that made twice as many machines, for those that no deploy made
/// (<https://github.com/superfly/flyctl/issues/4886>). Pain 30: such machines ignored without a word
/// (<https://github.com/superfly/flyctl/issues/2867>).
#[tokio::test(start_paused = true)]
async fn a_machine_that_no_deploy_made_is_named_in_the_plan_and_neither_doubled_nor_touched() {
    let world = with(2).await;
    let id = world.create(&json!({"image": image("v1")}), false).await;
    settle(&world).await;
    let version = |world: &crate::world::World| {
        world.live().iter().find(|it| it.id == id).map(|it| it.instance_id.clone())
    };
    let before = version(&world);
    let target = patient(&world, Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let told = format!("machine {id} is left alone: it carries no fly_platform_version=v2");
    let warnings = &course.stages[0].warnings;
    assert!(warnings.iter().any(|it| it.starts_with(&told)), "{warnings:?}");
    let planned: Vec<usize> = course.stages.iter().map(|it| it.changes.len()).collect();
    assert_eq!(planned, [2, 2, 2], "two new ones; to them, from the old; the old removed");
    course.finish(&target).await.unwrap();
    assert_eq!((world.live().len(), version(&world)), (3, before));
}

/// Pain 5: a blue-green deploy that reported success and had destroyed both colours
/// (<https://community.fly.io/t/27967>).
#[tokio::test(start_paused = true)]
async fn blue_is_not_removed_until_green_is_read_once_more_as_well() {
    let world = with(2).await;
    // It is well while it gets the traffic, and not for long after that.
    register(&world, "later", &[("HEALTH_SCRIPT", "pass:40000,fail")]);
    let target = world.target(Strategy::BlueGreen, "later");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    course.next(&target).await.unwrap();
    sleep(Duration::from_mins(1)).await;
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("is not healthy after"), "{fault}");
    assert_eq!(running(&world, "v1"), 2, "blue is still there");

    let world = with(2).await;
    let target = patient(&world, Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    course.next(&target).await.unwrap();
    target.finish(None, &context()).await;
    for machine in world.live().iter().filter(|it| it.image.starts_with(&image("v2"))) {
        world.call("DELETE", &format!("/machines/{}?force=true", machine.id), None).await;
    }
    course.finish(&target).await.unwrap();
    world.assert_new(2, "v2");
}

/// Pain 6: machines of several images, after which every deploy is refused or makes more of them
/// (<https://community.fly.io/t/20038>, <https://community.fly.io/t/19472>).
#[tokio::test(start_paused = true)]
async fn a_mixture_is_named_machine_by_machine_and_rolling_makes_it_one() {
    let world = with(2).await;
    let mut other = old_config();
    other["image"] = image("v2").into();
    let id = world.create(&other, false).await;
    settle(&world).await;
    let fault = Course::begin(&patient(&world, Strategy::BlueGreen, "v2")).await.err().unwrap();
    assert!(fault.message().contains("run different images"), "{fault}");
    assert!(fault.message().contains(&id), "{fault}");
    assert!(fault.next_step().unwrap().contains("the rolling strategy"), "{fault:?}");
    let target = patient(&world, Strategy::Rolling, "v2");
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    world.assert_new(3, "v2");
}

/// Pain 13: machines that are started and get no traffic, and a deploy that walks away
/// (<https://github.com/TheRestartProject/restarters.net/pull/905>). Pain 24: the same for the proxy's fault
/// (<https://community.fly.io/t/19491>).
#[tokio::test(start_paused = true)]
async fn new_machines_that_the_proxy_never_learns_of_do_not_take_over() {
    let world = with(2).await;
    let (before, users) = (world.live(), world.users_every(Duration::from_millis(100)));
    world.sim.inject("uncordon=unseen".parse().unwrap());
    let target = patient(&world, Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(
        fault.message().contains("still not answered by the machines that were let in"),
        "{fault}"
    );
    course.restore(&target).await.unwrap();
    drop(users);
    world.assert_old(&before);
    world.assert_nothing_lost();
}

/// Pains 13 and 24 again, where only one of several is not known to the proxy: the next cordon or start tells it
/// everything (the same report), and so it is told.
#[tokio::test(start_paused = true)]
async fn a_machine_that_the_proxy_does_not_know_is_told_to_it_again() {
    for strategy in [Strategy::Rolling, Strategy::BlueGreen] {
        let world = with(3).await;
        world.sim.inject("boot[image=*:v2]@1=unseen".parse().unwrap());
        let target = patient(&world, strategy, "v2");
        let deployment = Course::begin(&target).await.unwrap().next(&target).await.unwrap();
        let config = SmokeConfig { checks: vec![SmokeCheck::get("/")], ..SmokeConfig::default() };
        let smoke = Smoke::new(config, Client::new(Connections::Fresh).unwrap()).unwrap();
        let report = smoke.verify(&deployment, &context()).await.unwrap();
        assert_eq!(report.verdict(), Verdict::Passed, "{strategy:?}: {report:#?}");
        assert_eq!(world.sim.faults()[0].fired, 1, "{strategy:?}");
    }
}

/// Pain 29: 37 machines that took ten minutes, most of it in fixed waits
/// (<https://github.com/superfly/flyctl/pull/2687>).
#[tokio::test(start_paused = true)]
async fn eight_machines_take_less_than_twice_as_long_as_two() {
    let mut took = Vec::new();
    for count in [2, 8] {
        let world = with(count).await;
        let target = patient(&world, Strategy::BlueGreen, "v2");
        let began = Instant::now();
        Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
        took.push(began.elapsed());
    }
    // Before machines end, the proxy is asked more often where there are more of them.
    assert!(took[1] < took[0] * 2, "{took:?}");
}

/// Pain 31: what was updated before the failure stays updated
/// (<https://github.com/alchemy-run/alchemy/issues/1660>).
#[tokio::test(start_paused = true)]
async fn when_a_later_machine_fails_the_earlier_ones_go_back_too() {
    let world = with(3).await;
    let before = world.live();
    world.sim.inject("boot[image=*:v2]@2-20=crash:100ms:7".parse().unwrap());
    let target = patient(&world, Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().ends_with("it exited with code 7"), "{fault}");
    assert_eq!(running(&world, "v2"), 1, "the first one is well");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

/// Pain 32: a worker that stayed stopped after a deploy that was called good
/// (<https://github.com/adcontextprotocol/adcp/issues/4723>).
#[tokio::test(start_paused = true)]
async fn a_machine_that_stops_after_its_turn_is_found_and_started_before_the_stage_ends() {
    let world = with(0).await;
    let mut worker = old_config();
    worker["services"] = json!([]);
    for _ in 0..2 {
        world.create(&worker, false).await;
    }
    settle(&world).await;
    // It ends well, after three looks a second apart, and before the other one has had its own.
    world.sim.inject("boot[image=*:v2]@1=crash:4500ms:0".parse().unwrap());
    let mut config = world.config(Strategy::Rolling, "v2");
    config.fly_toml = FlyToml::parse(Path::new("fly.toml"), "primary_region = \"fra\"").unwrap();
    (config.poll, config.fly_toml.build.image) = (Duration::from_secs(1), Some(image("v2")));
    let target = FlyTarget::new(config);
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    world.assert_new(2, "v2");
    let starts = world.changes().iter().filter(|it| it.ends_with("/start")).count();
    assert_eq!((world.sim.faults()[0].fired, starts), (1, 1));
}

/// Pain 39: green machines that a rollback killed while blue was shut down
/// (<https://github.com/superfly/flyctl/pull/3359>).
#[tokio::test(start_paused = true)]
async fn when_blue_cannot_be_removed_green_goes_on_serving() {
    let world = with(2).await;
    world.sim.inject("destroy=401".parse().unwrap());
    let pipeline = pipeline(patient(&world, Strategy::BlueGreen, "v2"), "v2", true);
    let mut journal = Memory::default();
    let end = pipeline.run(&run("run-1", Cancel::never()), &mut journal).await.unwrap();
    assert_eq!(end, Conclusion::Left);
    let live = world.live();
    let (old, new): (Vec<_>, Vec<_>) =
        live.iter().partition(|it| it.image.starts_with(&image("v1")));
    assert!(new.len() == 2 && new.iter().all(|it| it.state == "started" && !it.cordoned));
    assert!(old.len() == 2 && old.iter().all(|it| it.cordoned), "{old:#?}");
}
