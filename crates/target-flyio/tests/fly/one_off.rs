//! Commands on machines of their own: the release command, and machine checks.

use pipeline_core::{CancelSource, Conclusion, Deployer};
use sim_flyio::{Image, MachineView};
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};

use crate::run::{Course, context};
use crate::world::{TOML, World, metadata};

/// The same `fly.toml` with more at its end.
fn config(world: &World, strategy: Strategy, more: &str) -> FlyConfig {
    let toml = TOML.replace("IMAGE", "v2") + more;
    let fly_toml = FlyToml::parse(std::path::Path::new("fly.toml"), &toml).unwrap();
    let mut config = world.config(strategy, "v2");
    config.fly_toml = fly_toml;
    config
}

pub(crate) fn migrating(world: &World, strategy: Strategy) -> FlyTarget {
    FlyTarget::new(config(world, strategy, "[deploy]\nrelease_command = \"bin/migrate\"\n"))
}

/// An app whose release command takes a moment and ends well.
async fn world() -> std::sync::Arc<World> {
    let world = World::with(2).await;
    let none: [String; 0] = [];
    // Its entry point gets whatever command a machine has.
    let image = Image::new(crate::world::image("v2"), none).entrypoint(crate::machine::command());
    world.sim.register_image(image.env(takes_a_moment("0")));
    world
}

/// The same on virtual time, and it ends with this code.
async fn inside(code: &str) -> std::sync::Arc<World> {
    let world = World::inside(2).await;
    world.register("v2", &takes_a_moment(code), true);
    world
}

fn takes_a_moment(code: &str) -> [(&str, &str); 3] {
    [("APP_VERSION", "v2"), ("RELEASE_MS", "200"), ("RELEASE_EXIT", code)]
}

pub(crate) fn one_offs(world: &World) -> Vec<MachineView> {
    let mut all = world.sim.machines(crate::world::APP);
    all.retain(|it| metadata(it)["fly_process_group"].starts_with("fly_app_"));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_release_command_runs_once_before_any_machine_is_touched_and_leaves_nothing() {
    let world = world().await;
    let before = world.live();
    let target = migrating(&world, Strategy::BlueGreen);
    let mut course = Course::begin(&target).await.unwrap();
    assert!(course.stages[0].prepares && course.stages[0].name == "release");
    let deployment = course.next(&target).await.unwrap();
    assert_eq!(deployment.version, "v41", "what serves is what served");
    world.assert_old(&before);
    // Done again, after a crash, it is found and not run a second time.
    target.advance(&course.stages[0], &course.snapshot, &context()).await.unwrap();
    let ran = one_offs(&world);
    assert_eq!((ran.len(), ran[0].destroyed), (1, true), "{ran:#?}");
    assert_eq!(ran[0].config["env"]["RELEASE_COMMAND"], "1");
    assert_eq!(ran[0].config["init"]["cmd"], serde_json::json!(["bin/migrate"]));
    course.finish(&target).await.unwrap();
    world.assert_new(2, "v2");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_migrated_for_a_deploy_that_somebody_else_has_overtaken() {
    let world = world().await;
    let target = migrating(&world, Strategy::Rolling);
    let mut course = Course::begin(&target).await.unwrap();
    world.create(&crate::world::old_config(), false).await;
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("by somebody else"), "{fault}");
    assert_eq!(one_offs(&world).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_release_command_that_fails_is_told_with_its_code_and_its_last_words() {
    let world = inside("3").await;
    let before = world.live();
    let target = migrating(&world, Strategy::Rolling);
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().starts_with("the release_command failed on machine"), "{fault}");
    assert!(fault.message().ends_with("it exited with code 3"), "{fault}");
    let said = fault.causes().join("\n");
    assert!(said.contains("release command of version v2: ends with 3"), "{said}");
    assert!(one_offs(&world).iter().all(|it| it.destroyed));
    world.assert_old(&before);
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

#[tokio::test(start_paused = true)]
async fn a_release_command_that_does_not_end_is_stopped_after_its_time() {
    let world = World::inside(1).await;
    world.register("v2", &[("RELEASE_MS", "600000")], true);
    let more = "[deploy]\nrelease_command = \"bin/migrate\"\nrelease_command_timeout = \"2s\"\n";
    let target = FlyTarget::new(config(&world, Strategy::Rolling, more));
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("it had not ended after 2s"), "{fault}");
    world.until(|it| one_offs(it).iter().all(|it| it.destroyed)).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_command_without_a_limit_of_its_own_ends_with_the_deadline_of_all() {
    let world = World::inside(1).await;
    world.register("v2", &[("RELEASE_MS", "600000")], true);
    let more = "[deploy]\nrelease_command = \"bin/migrate\"\nrelease_command_timeout = \"none\"\n";
    let mut config = config(&world, Strategy::Rolling, more);
    config.deadline = std::time::Duration::from_secs(2);
    let target = FlyTarget::new(config);
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("has taken more than 2s"), "{fault}");
    world.until(|it| one_offs(it).iter().all(|it| it.destroyed)).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_command_that_was_cut_off_is_taken_up_or_cleared_away() {
    for on in [true, false] {
        let world = inside("0").await;
        let before = world.live();
        let target = migrating(&world, Strategy::Rolling);
        let mut course = Course::begin(&target).await.unwrap();
        let started = tokio::select! {
            _ = course.next(&target) => false,
            () = world.until(|it| one_offs(it).iter().any(|it| it.state == "started")) => true,
        };
        assert!(started);
        drop(target); // the process is gone
        let other = migrating(&world, Strategy::Rolling);
        if on {
            course.finish(&other).await.unwrap();
            assert_eq!(one_offs(&world).len(), 1, "it was not run again");
            world.assert_new(2, "v2");
        } else {
            course.restore(&other).await.unwrap();
            world.assert_old(&before);
        }
        assert!(one_offs(&world).iter().all(|it| it.destroyed));
    }
}

#[tokio::test(start_paused = true)]
async fn faults_of_the_api_around_a_release_command_make_no_second_one() {
    let calls = ["create@1", "start@1", "wait@1", "get@2", "list@2", "destroy@1"];
    let faults = ["408-after", "500-after", "reset-after", "503", "429"];
    for fault in calls.iter().flat_map(|call| faults.map(|fault| format!("{call}={fault}"))) {
        let Ok(parsed) = fault.parse() else { continue };
        let world = inside("0").await;
        world.sim.inject(parsed);
        let target = migrating(&world, Strategy::Rolling);
        let done = Course::begin(&target).await.unwrap().finish(&target).await;
        done.unwrap_or_else(|error| panic!("{fault}: {error}"));
        world.until(|it| one_offs(it).iter().all(|it| it.destroyed)).await;
        let ran = one_offs(&world);
        let mut started = 0;
        for machine in &ran {
            let seen = world.call("GET", &format!("/machines/{}", machine.id), None).await;
            let events = seen["events"].as_array().unwrap().clone();
            started += events.iter().filter(|it| it["type"] == "start").count();
        }
        assert_eq!(started, 1, "{fault}: {ran:#?}");
        world.assert_new(2, "v2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_command_of_another_deploy_is_not_run_beside() {
    let world = world().await;
    let rival = serde_json::json!({
        "image": crate::world::image("v1"), "restart": {"policy": "no"},
        "metadata": {"fly_platform_version": "v2", "fly_process_group": "fly_app_release_command"},
    });
    let id = world.create(&rival, false).await;
    world.until(|it| one_offs(it).iter().any(|it| it.state == "started")).await;
    let target = migrating(&world, Strategy::Rolling);
    let fault = Course::begin(&target).await.unwrap().next(&target).await.unwrap_err();
    assert!(
        fault.message().contains(&format!("machine {id} runs the release_command of another")),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn machine_checks_judge_each_new_machine_before_it_gets_traffic() {
    for (program, strategy) in [
        ("/bin/true", Strategy::Rolling),
        ("/bin/true", Strategy::BlueGreen),
        ("/bin/false", Strategy::Rolling),
        ("/bin/false", Strategy::BlueGreen),
    ] {
        let world = World::with(2).await;
        let before = world.live();
        let none: [String; 0] = [];
        let checker = Image::new("registry.fly.io/shop:checker", none).entrypoint([program]);
        world.sim.register_image(checker);
        let more = "[[http_service.machine_checks]]\nimage = \"registry.fly.io/shop:checker\"\ncommand = [\"check\"]\n";
        let toml =
            TOML.replace("IMAGE", "v2").replace("[[restart]]", &format!("{more}[[restart]]"));
        let mut config = world.config(strategy, "v2");
        config.fly_toml = FlyToml::parse(std::path::Path::new("fly.toml"), &toml).unwrap();
        let target = FlyTarget::new(config);
        let mut course = Course::begin(&target).await.unwrap();
        let ended = course.finish(&target).await;
        world.until(|it| one_offs(it).iter().all(|it| it.destroyed)).await;
        let ran = one_offs(&world);
        if program == "/bin/true" {
            ended.unwrap();
            world.assert_new(2, "v2");
            assert_eq!(ran.len(), 2);
            let address = ran[0].config["env"]["FLY_TEST_MACHINE_IP"].as_str().unwrap();
            assert!(address.starts_with("fdaa:"), "{address}");
        } else {
            let fault = ended.unwrap_err();
            assert!(
                fault.message().contains("http_service.machine_checks[0] of machine"),
                "{fault}"
            );
            course.restore(&target).await.unwrap();
            world.assert_old(&before);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_asked_to_stop_lets_its_release_command_end() {
    let world = inside("0").await;
    let target = migrating(&world, Strategy::Rolling);
    let course = Course::begin(&target).await.unwrap();
    let source = CancelSource::new();
    let cx = crate::run::run("run-1", source.token()).context(pipeline_core::Phase::Deploy, "fly");
    let (done, ()) =
        tokio::join!(target.advance(&course.stages[0], &course.snapshot, &cx), async {
            world.until(|it| one_offs(it).iter().any(|it| it.state == "started")).await;
            source.cancel();
        });
    done.unwrap();
    target.finish(Some(Conclusion::RolledBack), &cx).await;
}
