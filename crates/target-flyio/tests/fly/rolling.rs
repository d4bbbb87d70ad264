//! The rolling strategy.

use std::path::Path;

use pipeline_core::{Deployer, Side};
use target_flyio::{FlyTarget, FlyToml, Strategy};

use crate::run::{Course, context};
use crate::world::{TOML, World, metadata, old_config};

/// A target whose `fly.toml` is changed from that of the other tests.
fn target_with(world: &World, strategy: Strategy, change: impl Fn(&str) -> String) -> FlyTarget {
    let mut config = world.config(strategy, "v2");
    let toml = change(&TOML.replace("IMAGE", "v2"));
    config.fly_toml = FlyToml::parse(Path::new("fly.toml"), &toml).unwrap();
    FlyTarget::new(config)
}

#[tokio::test(start_paused = true)]
async fn a_rolling_deploy_loses_no_request() {
    let world = World::inside(3).await;
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
    let release = target.platform().releases(1).await.unwrap()[0].version.to_string();
    assert_eq!(own.map(|key| metadata[key].as_str()), ["v2", "app", &release, "run-1", "v2"]);
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

#[tokio::test(start_paused = true)]
async fn a_release_whose_programs_die_after_their_checks_have_passed_is_not_good() {
    let world = World::inside(3).await;
    let before = world.live();
    world.register("dies", &[("CRASH_AFTER_MS", "900"), ("CRASH_CODE", "9")], true);
    for strategy in [Strategy::Rolling, Strategy::BlueGreen] {
        let mut config = world.config(strategy, "dies");
        // Long enough for the programs to die while users are brought to them.
        config.drain = std::time::Duration::from_secs(2);
        let target = target_flyio::FlyTarget::new(config);
        let mut course = Course::begin(&target).await.unwrap();
        let fault = course.advance_all(&target).await.unwrap_err();
        assert!(fault.message().ends_with("does not stay up: it exited with code 9"), "{fault}");
        course.restore(&target).await.unwrap();
        world.assert_old(&before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_group_without_services_gets_a_stand_by_whatever_the_strategy() {
    for strategy in [Strategy::Rolling, Strategy::Immediate, Strategy::BlueGreen] {
        let world = World::with(1).await;
        let target = target_with(&world, strategy, |toml| {
            let app = "internal_port = 8080\nprocesses = [\"app\"]";
            toml.replace("internal_port = 8080", app) + "[processes]\napp = \"\"\nworker = \"\"\n"
        });
        Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
        let live = world.live();
        let workers = live.iter().filter(|it| metadata(it)["fly_process_group"] == "worker");
        let (first, second): (Vec<_>, Vec<_>) =
            workers.partition(|it| metadata(it)["pipeline_launch"].ends_with(".0"));
        assert_eq!((first.len(), second.len()), (1, 1), "{live:#?}");
        let standbys = serde_json::json!([first[0].id]);
        assert_eq!(second[0].config["standbys"], standbys, "{strategy:?}");
        assert_eq!(second[0].config["env"]["FLY_STANDBY_FOR"], *first[0].id);
        assert_ne!(second[0].state, "started");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_group_with_services_can_go() {
    let world = World::with(1).await;
    let mut worker = old_config();
    worker["metadata"]["fly_process_group"] = "worker".into();
    worker.as_object_mut().unwrap().remove("services");
    let worker = world.create(&worker, false).await;
    world.until(|world| world.live().iter().all(crate::world::is_well)).await;
    let target = target_with(&world, Strategy::Rolling, |toml| {
        let (before, after) = toml.split_once("[http_service]").unwrap();
        let (_, after) = after.split_once("[[restart]]").unwrap();
        format!("{before}[[restart]]{after}[processes]\nworker = \"\"\n")
    });
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    let live: Vec<String> = world.live().into_iter().map(|it| it.id).collect();
    assert_eq!(live, [worker]);
}
