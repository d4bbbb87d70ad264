//! The rolling strategy.

use pipeline_core::{Deployer, Side};
use target_flyio::Strategy;

use crate::run::{Course, context};
use crate::world::{World, metadata, old_config};

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_deploy_loses_no_request() {
    let world = World::with(3).await;
    let ids: Vec<String> = world.live().into_iter().map(|it| it.id).collect();
    let users = world.users();
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let before = course.snapshot.current.as_ref().unwrap();
    assert_eq!((before.version.as_str(), before.instances.len()), ("v41", 3));
    let deployment = course.next(&target).await.unwrap();
    target.finish(None, &context()).await;
    drop(users);
    world.assert_new(3, "v2");
    world.assert_nothing_lost();
    assert_eq!(world.live().into_iter().map(|it| it.id).collect::<Vec<_>>(), ids);
    assert_eq!(deployment.version, "v2");
    assert!(deployment.instances.iter().all(|it| it.side == Side::New && it.serving));
    let address = deployment.instances[0].address.clone().unwrap();
    assert_eq!(address.headers["fly-force-instance-id"], deployment.instances[0].id);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nobody_knows_are_kept_and_flyctl_finds_its_own() {
    let world = World::with(1).await;
    let target = world.target(Strategy::Rolling, "v2");
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    let machine = &world.live()[0];
    assert_eq!(machine.config["spot"], old_config()["spot"]);
    assert_eq!(machine.config["guest"], old_config()["guest"]);
    assert_eq!(machine.config["env"]["COLOUR"], "blue");
    assert!(machine.config["env"].get("BY_HAND").is_none(), "env is replaced whole");
    let metadata = metadata(machine);
    let own = [
        "fly_platform_version",
        "fly_process_group",
        "fly_release_version",
        "pipeline_run",
        "pipeline_version",
    ];
    let number = target.platform().releases(1).await.unwrap()[0].version.to_string();
    assert_eq!(own.map(|key| metadata[key].as_str()), ["v2", "app", &number, "run-1", "v2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_that_were_off_get_the_release_and_stay_off() {
    let world = World::with(1).await;
    let idle = world.create(&old_config(), true).await;
    world.until(|world| world.live().iter().any(|it| it.state == "stopped")).await;
    let before = world.live();
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let deployment = course.next(&target).await.unwrap();
    let state = |world: &World| {
        let live = world.live();
        let machine = live.iter().find(|it| it.id == idle).unwrap();
        (machine.state.clone(), machine.image.contains(":v2"))
    };
    assert_eq!(state(&world), ("stopped".to_owned(), true));
    let off = deployment.instances.iter().find(|it| it.id == idle).unwrap();
    assert_eq!((off.serving, off.address.is_some()), (false, false), "nobody can ask it");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_names_machine_by_machine_what_runs() {
    let world = World::with(2).await;
    let status = world.target(Strategy::Rolling, "v2").status().await.unwrap();
    assert_eq!(status.len(), 2);
    assert_eq!((status[0].version.as_str(), status[0].state.as_str()), ("v41", "started"));
    assert_eq!(status[0].checks[0].status, "passing");
    assert!(status[0].image.starts_with("registry.fly.io/shop:v1@sha256:"), "{}", status[0].image);
}
