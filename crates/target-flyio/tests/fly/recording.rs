//! What Fly.io's own list of releases says about a deploy, and the proof that there is a way back.

use pipeline_core::{Conclusion, Deployer};
use target_flyio::{FlyTarget, Strategy};

use crate::run::{Course, context};
use crate::world::{World, image, metadata};

/// The statuses of all releases, newest first.
async fn statuses(target: &FlyTarget) -> Vec<String> {
    let releases = target.platform().releases(10).await.unwrap();
    releases.into_iter().map(|it| it.status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_is_in_fly_ios_own_list_and_its_machines_name_it() {
    let world = World::with(2).await;
    for strategy in [Strategy::Rolling, Strategy::BlueGreen] {
        let target = world.target(strategy, "v2");
        let mut course = Course::begin(&target).await.unwrap();
        course.next(&target).await.unwrap();
        assert_eq!(statuses(&target).await[0], "running");
        course.advance_all(&target).await.unwrap();
        target.finish(Some(Conclusion::Succeeded), &context()).await;
        let newest = target.platform().releases(1).await.unwrap().remove(0);
        assert_eq!((&*newest.status, newest.image_ref), ("complete", image("v2")));
        for machine in world.live() {
            let metadata = metadata(&machine);
            assert_eq!(metadata["fly_release_id"], newest.id);
            assert_eq!(metadata["fly_release_version"], newest.version.to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_was_taken_back_is_failed_and_its_machines_name_the_old_one() {
    let world = World::with(2).await;
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    target.restore(&course.snapshot, &context()).await.unwrap();
    target.finish(Some(Conclusion::RolledBack), &context()).await;
    assert_eq!(statuses(&target).await, ["failed"]);
    assert!(world.live().iter().all(|it| metadata(it)["fly_release_id"] == "rel_41"));
}

#[tokio::test(start_paused = true)]
async fn a_resumed_run_goes_on_with_the_release_it_had() {
    let world = World::inside(2).await;
    let dead = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&dead).await.unwrap();
    course.next(&dead).await.unwrap();
    drop(dead);
    let target = world.target(Strategy::BlueGreen, "v2");
    course.advance_all(&target).await.unwrap();
    target.finish(Some(Conclusion::Succeeded), &context()).await;
    assert_eq!(statuses(&target).await, ["complete"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_written_is_in_nobodys_way() {
    for fault in ["release-create=500", "release-update=503", "release-create=reset-after"] {
        let world = World::with(2).await;
        world.sim.inject(fault.parse().unwrap());
        let target = world.target(Strategy::Rolling, "v2");
        Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
        world.assert_new(2, "v2");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_old_image_only_bluegreen_is_begun() {
    let world = World::inside(2).await;
    let before = world.changes().len();
    world.sim.forget_image(&image("v1"));
    let fault = Course::begin(&world.target(Strategy::Rolling, "v2")).await.err().unwrap();
    assert!(fault.message().contains("is not in the registry any more, so this deploy"), "{fault}");
    assert!(fault.next_step().unwrap().contains("bluegreen"), "{fault:?}");
    let target = world.target(Strategy::BlueGreen, "v2");
    let course = Course::begin(&target).await.unwrap();
    assert!(course.stages[0].warnings.iter().any(|it| it.contains("cannot be brought back")));
    assert_eq!(world.changes().len(), before, "nothing was touched");
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_does_not_answer_is_a_warning() {
    let world = World::inside(1).await;
    world.sim.inject("graphql=503".parse().unwrap());
    let course = Course::begin(&world.target(Strategy::Rolling, "v2")).await.unwrap();
    assert!(course.stages[0].warnings.iter().any(|it| it.contains("could not be told")));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_cut_off_and_is_taken_back_by_another_process_is_failed() {
    for strategy in [Strategy::Rolling, Strategy::BlueGreen] {
        let world = World::inside(2).await;
        let dead = world.target(strategy, "v2");
        let mut course = Course::begin(&dead).await.unwrap();
        course.next(&dead).await.unwrap();
        drop(dead);
        let target = world.target(strategy, "v2");
        target.restore(&course.snapshot, &context()).await.unwrap();
        target.finish(Some(Conclusion::RolledBack), &context()).await;
        assert_eq!(statuses(&target).await, ["failed"]);
    }
}
