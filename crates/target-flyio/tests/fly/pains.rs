//! What people lose with other ways to deploy to Fly.io, each as a test that it cannot be lost so here. The whole
//! list is in `docs/fly.md`; tests that belong to a subject stand with it.

mod documented;
mod stages;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sim_flyio::{Image, SimConfig};
use target_flyio::{FlyTarget, Strategy, Unreachable};
use tokio::time::{Instant, sleep};

use crate::one_off;
use crate::run::Course;
use crate::world::{World, image, is_well, old_config};

/// An app whose machines run v1 inside the simulator, on virtual time. They boot in half a second, and the
/// proxy learns of everything 300 ms late.
async fn with(count: usize) -> Arc<World> {
    let world = World::of(SimConfig {
        seed: Some(11),
        starts_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        propagation: Duration::from_millis(300),
        boot: Duration::from_millis(500),
        ..SimConfig::default()
    });
    let world = world.await;
    register(&world, "v1", &[]);
    register(&world, "v2", &[]);
    for _ in 0..count {
        world.create(&old_config(), false).await;
    }
    settle(&world).await;
    world
}

async fn settle(world: &World) {
    world.until(|it| it.live().iter().all(is_well)).await;
    sleep(Duration::from_secs(1)).await;
}

/// Puts an image into the registry.
fn register(world: &World, tag: &str, env: &[(&str, &str)]) {
    let env = [("APP_VERSION", tag)].into_iter().chain(env.iter().copied());
    world.sim.register_image(Image::inside(image(tag)).env(env));
}

/// A target that waits as long as it does for users: nothing is said about it.
fn patient(world: &World, strategy: Strategy, tag: &str) -> FlyTarget {
    let mut config = world.config(strategy, tag);
    config.wait_timeout = None;
    FlyTarget::new(config)
}

/// The machines that run `tag`.
fn running(world: &World, tag: &str) -> usize {
    let image = image(tag);
    world.live().iter().filter(|it| it.state == "started" && it.image.starts_with(&image)).count()
}

/// Pain 2: a health wait that goes on although the machine has exited
/// (<https://github.com/superfly/flyctl/issues/2653>).
#[tokio::test(start_paused = true)]
async fn a_machine_that_dies_while_its_health_is_awaited_is_told_in_seconds_with_its_last_words() {
    for (fault, how) in
        [("oom:2s", "it ran out of memory"), ("crash:2s:9", "it exited with code 9")]
    {
        let world = with(2).await;
        register(&world, "sick", &[("HEALTH_FAILS", "1")]);
        world.sim.inject(format!("boot[image=*:sick]={fault}").parse().unwrap());
        let target = patient(&world, Strategy::Rolling, "sick");
        let mut course = Course::begin(&target).await.unwrap();
        let began = Instant::now();
        let ended = course.next(&target).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert!(ended.message().ends_with(how), "{ended}");
        let said = ended.causes().join("\n");
        let starts = world.changes().iter().filter(|it| it.ends_with("/start")).count();
        assert_eq!(starts, 0, "it was not tried again and again");
        assert!(said.starts_with("it last said:\n") && said.lines().count() > 1, "{said:?}");
    }
}

/// Pain 10: a call that forgot the lease, and waits that are longer than the platform allows
/// (<https://github.com/byte5ai/omadia/pull/705>, <https://github.com/byte5ai/omadia/pull/706>).
#[tokio::test(start_paused = true)]
async fn every_change_carries_its_lease_and_no_wait_is_longer_than_a_minute() {
    let world = with(2).await;
    let before = world.sim.journal().len();
    let target = patient(&world, Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    let lease = world.live()[0].lease.clone().unwrap();
    assert_eq!(lease.description, "pipeline run-1", "others can read whose it is");
    course.finish(&target).await.unwrap();
    let calls = world.sim.journal().split_off(before);
    let mut seen = (0, 0);
    for call in calls.iter().filter(|it| it.machine.is_some()) {
        if call.path.ends_with("/wait") {
            let (_, timeout) = call.query.split_once("timeout=").unwrap();
            assert!((1..=60).contains(&timeout.parse().unwrap()), "{call:?}");
            seen.0 += 1;
        } else if call.method != "GET" && !call.path.ends_with("/lease") {
            assert!(call.nonce, "{call:?}");
            seen.1 += 1;
        }
    }
    assert!(seen.0 > 0 && seen.1 > 0, "{seen:?}");
}

/// Pain 15: a program that takes long to stop leaves no time to wait for the new one
/// (<https://github.com/tldraw/tldraw/pull/10718>).
#[tokio::test(start_paused = true)]
async fn a_program_that_takes_minutes_to_stop_takes_nothing_from_the_wait_for_the_new_one() {
    let world = with(0).await;
    register(&world, "v1", &[("DRAIN_MS", "240000")]);
    let mut config = old_config();
    config["stop_config"]["timeout"] = json!("5m0s");
    world.create(&config, false).await;
    settle(&world).await;
    let mut config = world.config(Strategy::Rolling, "v2");
    config.wait_timeout = Some(Duration::from_secs(30));
    let (target, began) = (FlyTarget::new(config), Instant::now());
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    assert!(began.elapsed() > Duration::from_mins(4), "it was given its time to stop");
    world.assert_new(1, "v2");
}

/// Pain 16: a release command that ends before anybody waits for it hangs the deploy
/// (<https://github.com/superfly/flyctl/issues/2036>).
#[tokio::test(start_paused = true)]
async fn a_release_command_that_ends_at_once_is_not_waited_for() {
    let world = with(2).await;
    let target = one_off::migrating(&world, Strategy::Rolling);
    let (mut course, began) = (Course::begin(&target).await.unwrap(), Instant::now());
    course.next(&target).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let ran = one_off::one_offs(&world);
    assert_eq!((ran.len(), ran[0].destroyed), (1, true), "{ran:#?}");
}

/// Pain 18: one host that does not answer blocks a deploy, or leaves it half done
/// (<https://github.com/superfly/flyctl/pull/3034>).
#[tokio::test(start_paused = true)]
async fn a_machine_on_a_dead_host_stops_the_plan_or_is_left_alone_as_the_configuration_says() {
    let world = with(3).await;
    let lost = world.live()[0].id.clone();
    world.sim.inject("get@1=host-unreachable".parse().unwrap());
    world.call("GET", &format!("/machines/{lost}"), None).await;
    let fault = Course::begin(&world.target(Strategy::Rolling, "v2")).await.err().unwrap();
    assert!(fault.message().contains(&format!("machine {lost} cannot be read")), "{fault}");
    assert!(fault.next_step().unwrap().contains("unreachable = \"skip\""), "{fault:?}");

    let mut config = world.config(Strategy::Rolling, "v2");
    config.unreachable = Unreachable::Skip;
    let target = FlyTarget::new(config);
    let mut course = Course::begin(&target).await.unwrap();
    let told = format!("machine {lost} is left alone: its host is unreachable");
    assert!(course.stages[0].warnings.iter().any(|it| it.starts_with(&told)));
    assert_eq!(course.stages[0].changes.len(), 2);
    course.finish(&target).await.unwrap();
    assert_eq!((running(&world, "v2"), running(&world, "v1")), (2, 1));
}

/// Pain 23: a machine that stays `created` for hours (<https://community.fly.io/t/28143>).
#[tokio::test(start_paused = true)]
async fn a_machine_that_never_comes_up_is_given_its_five_minutes_and_then_named_and_removed() {
    for (fault, told) in [
        ("create@1=stuck", "could not be started after 6 tries; it is created"),
        ("boot[image=*:v2]=stuck", "is not started after 305s: it is starting"),
    ] {
        let world = with(2).await;
        let before = world.live();
        world.sim.inject(fault.parse().unwrap());
        let target = patient(&world, Strategy::BlueGreen, "v2");
        let (mut course, began) = (Course::begin(&target).await.unwrap(), Instant::now());
        let ended = course.next(&target).await.unwrap_err();
        let took = began.elapsed();
        assert!(ended.message().contains(told), "{ended}");
        assert!(took > Duration::from_mins(4) && took < Duration::from_mins(6), "{took:?}");
        course.restore(&target).await.unwrap();
        world.assert_old(&before);
    }
}

/// Pain 35: a machine that is started right after its update, is refused, and never comes up
/// (<https://github.com/hexclave/hexclave/pull/2060>).
#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_for_a_while_is_tried_again() {
    let world = with(2).await;
    for fault in ["update@1=autostop", "start@1-3=412"] {
        world.sim.inject(fault.parse().unwrap());
    }
    let target = patient(&world, Strategy::Rolling, "v2");
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    world.assert_new(2, "v2");
    let starts = world.changes().iter().filter(|it| it.ends_with("/start")).count();
    assert_eq!(starts, 4, "{:#?}", world.changes());
}

/// Pain 22: an empty answer to a list, and a deploy that makes all machines a second time
/// (<https://fly.io/infra-log/machines-api-duplicates/>).
#[tokio::test(start_paused = true)]
async fn a_plan_that_rests_on_an_empty_list_makes_nothing() {
    let world = with(2).await;
    let before = world.live();
    world.sim.inject("list@1-2=empty".parse().unwrap());
    let target = patient(&world, Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    assert!(course.stages[0].changes[0].starts_with("create a machine"), "as for a new app");
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("was made or changed by somebody else"), "{fault}");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

/// Pain 22 again: lists that stay empty.
#[tokio::test(start_paused = true)]
async fn a_list_that_never_shows_what_was_made_ends_the_deploy_and_leaves_nothing_of_it() {
    let world = with(2).await;
    let before = world.live();
    world.sim.inject("list=empty".parse().unwrap());
    let target = patient(&world, Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("there are 0 machines for run-1.app.0"), "{fault}");
    assert_eq!(running(&world, "v2"), 2, "none was made again");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}
