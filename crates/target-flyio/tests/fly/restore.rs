//! The way back from states that no stage leaves by itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use pipeline_core::{Cancel, Deployer};
use serde_json::json;
use sim_flyio::{Phase, Verdict};
use target_flyio::Strategy;

use crate::run::{Course, context};
use crate::world::{World, is_well, metadata};

#[tokio::test(start_paused = true)]
async fn a_rolled_release_is_taken_back_without_losing_a_request() {
    let world = World::inside(3).await;
    let (before, users) = (world.live(), world.users());
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    let restored = course.restore(&target).await.unwrap();
    drop(users);
    assert_eq!(restored.version, "v41");
    world.assert_old(&before);
    world.assert_nothing_lost();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_somebody_destroyed_is_created_again_once() {
    let world = World::with(2).await;
    let before = world.live();
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    target.finish(None, &context()).await;
    let lost = &before[0].id;
    world.call("DELETE", &format!("/machines/{lost}?force=true"), None).await;
    for _ in 0..2 {
        course.restore(&target).await.unwrap();
        let live = world.live();
        assert_eq!(live.len(), 2, "{live:#?}");
        assert!(live.iter().all(|it| is_well(it) && it.image.contains(":v1") && !it.cordoned));
        let again = live.iter().find(|it| it.id != before[1].id).unwrap();
        assert_eq!(again.config["spot"], before[0].config["spot"]);
        assert_eq!(metadata(again)["pipeline_launch"], format!("run-1.restore.{lost}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_was_moved_in_the_meantime_does_not_bring_another_image_back() {
    let world = World::with(2).await;
    let images = |world: &World| world.live().into_iter().map(|it| it.image).collect::<Vec<_>>();
    let before = images(&world);
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    world.register("v1", &[("APP_VERSION", "somebody else's")], true);
    course.restore(&target).await.unwrap();
    assert_eq!(images(&world), before, "by digest");
    assert!(world.live().iter().all(is_well));
}

#[tokio::test(flavor = "multi_thread")]
async fn restoring_what_was_never_touched_changes_nothing() {
    let world = World::with(2).await;
    let before = world.live();
    let target = world.target(Strategy::BlueGreen, "v2");
    let course = Course::begin(&target).await.unwrap();
    let changes = world.changes().len();
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
    assert_eq!(world.changes().len(), changes);
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_of_others_are_never_removed() {
    let world = World::with(1).await;
    let target = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    let mut foreign = crate::world::old_config();
    foreign["metadata"]["fly_release_version"] = "43".into();
    let foreign = world.create(&foreign, false).await;
    course.restore(&target).await.unwrap();
    let live = world.live();
    assert_eq!(live.len(), 2);
    assert!(live.iter().any(|it| it.id == foreign));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_fails_for_a_while_does_not_end_the_way_back() {
    let world = World::with(2).await;
    let before = world.live();
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    let refused = AtomicUsize::new(0);
    world.sim.on_api_call(move |call| {
        let updates = call.body.as_ref().is_some_and(|it| it["current_version"].is_string());
        // More than one machine is given tries for.
        if updates && call.phase == Phase::Before && refused.fetch_add(1, Ordering::Relaxed) < 8 {
            return Verdict::Answer { status: 500, body: json!({"error": "oops"}) };
        }
        Verdict::Proceed
    });
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_a_list_leaves_out_is_not_created_a_second_time() {
    let world = World::with(2).await;
    let before = world.live();
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    target.finish(None, &context()).await;
    let mut list = world.call("GET", "/machines", None).await;
    list.as_array_mut().unwrap().pop();
    let count = AtomicUsize::new(0);
    world.sim.on_api_call(move |call| {
        let lists =
            call.method == "GET" && call.path.ends_with("/machines") && call.phase == Phase::Before;
        if lists && count.fetch_add(1, Ordering::Relaxed) < 3 {
            return Verdict::Answer { status: 200, body: list.clone() };
        }
        Verdict::Proceed
    });
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_saw_another_half_way_does_not_undo_what_that_one_has_finished() {
    let world = World::with(2).await;
    let first = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&first).await.unwrap();
    course.next(&first).await.unwrap(); // green stands beside blue
    let second = world.target(Strategy::BlueGreen, "v1");
    let cx = crate::run::run("run-2", Cancel::never()).context(pipeline_core::Phase::Deploy, "fly");
    let snapshot = second.snapshot(&cx).await.unwrap();
    course.finish(&first).await.unwrap(); // blue is gone
    second.restore(&snapshot, &cx).await.unwrap();
    second.finish(None, &cx).await;
    world.assert_new(2, "v2");
}
