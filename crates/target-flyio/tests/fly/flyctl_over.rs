//! flyctl deploys over what a run left. It keeps the metadata that it does not know and writes a release of its
//! own, on new machines of bluegreen too (flyctl: internal/command/deploy, launch inputs).

use std::time::Duration;

use pipeline_core::Deployer;
use serde_json::{Value, json};
use target_flyio::Strategy;

use crate::run::Course;
use crate::world::{World, image, is_well, metadata};

/// What flyctl makes of a machine's configuration.
fn over(config: &Value) -> Value {
    let mut config = config.clone();
    config["image"] = image("v1").into();
    config["metadata"]["fly_release_id"] = "rel_theirs".into();
    config["metadata"]["fly_release_version"] = "99".into();
    config["metadata"]["fly_flyctl_version"] = "0.4.50".into();
    config
}

/// Each machine gets flyctl's release in place.
async fn flyctl_rolls(world: &World) {
    for machine in world.live() {
        let path = format!("/machines/{}", machine.id);
        world.call("POST", &path, Some(json!({"config": over(&machine.config)}))).await;
    }
    world.until(|world| world.live().iter().all(is_well)).await;
}

/// New machines get flyctl's release, and the old ones go.
async fn flyctl_changes_sides(world: &World) {
    let old = world.live();
    for machine in &old {
        world.create(&over(&machine.config), false).await;
    }
    for machine in &old {
        world.call("DELETE", &format!("/machines/{}?force=true", machine.id), None).await;
    }
    world.until(|world| world.live().iter().all(is_well)).await;
}

async fn theirs_stays(strategy: Strategy, in_place: bool) {
    let world = World::with(2).await;
    let dead = world.target(strategy, "v2");
    let mut course = Course::begin(&dead).await.unwrap();
    course.next(&dead).await.unwrap();
    dead.finish(None, &crate::run::context()).await;
    if in_place {
        flyctl_rolls(&world).await;
    } else {
        flyctl_changes_sides(&world).await;
    }
    let before = world.live();
    let target = world.target(strategy, "v2");
    if course.reached < course.stages.len() {
        let fault = course.next(&target).await.unwrap_err();
        assert!(fault.message().contains("by somebody else"), "{fault}");
    }
    let restored = course.restore(&target).await.unwrap();
    assert_eq!(restored.version, "v99");
    world.assert_old(&before);
    assert!(world.live().iter().all(|it| metadata(it)["fly_release_id"] == "rel_theirs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_off_does_not_undo_what_flyctl_has_deployed_in_its_place() {
    for strategy in [Strategy::Rolling, Strategy::BlueGreen] {
        for in_place in [true, false] {
            tokio::time::timeout(Duration::from_mins(5), theirs_stays(strategy, in_place))
                .await
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_flyctl_deployed_over_a_run_has_flyctls_number_and_the_next_run_takes_it_over() {
    let world = World::with(2).await;
    let target = world.target(Strategy::BlueGreen, "v2");
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    assert!(target.status().await.unwrap().iter().all(|it| it.version == "v2"));
    flyctl_changes_sides(&world).await;
    assert!(target.status().await.unwrap().iter().all(|it| it.version == "v99"));
    for strategy in [Strategy::Rolling, Strategy::BlueGreen] {
        let target = world.target(strategy, "v2");
        Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
        world.assert_new(2, "v2");
        flyctl_rolls(&world).await;
    }
}
