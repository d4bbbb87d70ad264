//! Plans as a person reads them, and what is refused.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::fly_toml::FlyToml;

const TOML: &str = r#"
primary_region = "fra"
kill_signal = "SIGTERM"
[http_service]
internal_port = 4000
[[http_service.checks]]
path = "/health"
"#;

fn desired(toml: &str) -> Desired {
    Desired::of(&FlyToml::parse(Path::new("fly.toml"), toml).unwrap())
}

fn machine(id: &str, state: &str, more: &Value) -> crate::api::Machine {
    let mut config = json!({
        "image": "shop:v1",
        "services": [{"internal_port": 4000}],
        "metadata": {"fly_platform_version": "v2", "fly_process_group": "app", "fly_release_version": "41"},
    });
    for (key, value) in more["config"].as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    for (key, value) in more["metadata"].as_object().into_iter().flatten() {
        config["metadata"][key] = value.clone();
    }
    serde_json::from_value(json!({
        "id": id, "state": state, "region": "fra", "instance_id": format!("{id}-1"),
        "cordoned": more["cordoned"], "config": config,
    }))
    .unwrap()
}

fn world(machines: &[crate::api::Machine]) -> World {
    World::of(machines, crate::config::Unreachable::Abort).unwrap()
}

fn order(strategy: Strategy) -> Order<'static> {
    Order {
        run: "run-1",
        version: "v42",
        image: "shop:v2",
        strategy,
        max_unavailable: 0.33,
        ha: true,
        bake: Duration::from_mins(1),
    }
}

fn told(stages: &[Stage]) -> String {
    let lines = stages.iter().flat_map(|stage| {
        let settles = if stage.settles { " (settles)" } else { "" };
        let changes = stage.changes.iter().map(|it| format!("  {it}"));
        let warnings = stage.warnings.iter().map(|it| format!("  ! {it}"));
        [format!("{}{settles}", stage.name)].into_iter().chain(changes).chain(warnings)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn rolling_updates_each_machine_in_place() {
    let world = world(&[machine("b", "stopped", &json!({})), machine("a", "started", &json!({}))]);
    let stages = stages(&world, &desired(TOML), &order(Strategy::Rolling)).unwrap();
    insta::assert_snapshot!(told(&stages), @r"
    roll
      update machine a (app, fra) from v41 to v42 (shop:v2)
      update machine b (app, fra) from v41 to v42 (shop:v2), left stopped
      ! the group app has one running machine, so rolling takes it down for a moment; bluegreen does not
    ");
    let data = StageData::read(&stages[0].data).unwrap();
    assert_eq!(data.works[0].config["metadata"]["fly_release_version"], "42");
    assert_eq!(data.works[0].config["metadata"]["pipeline_run"], "run-1");
}

#[test]
fn bluegreen_puts_new_machines_beside_the_old_ones() {
    let world = world(&[machine("a", "started", &json!({})), machine("b", "stopped", &json!({}))]);
    let stages = stages(&world, &desired(TOML), &order(Strategy::BlueGreen)).unwrap();
    insta::assert_snapshot!(told(&stages), @r"
    green
      create a machine (app, fra) with v42 (shop:v2), without traffic
      create a machine (app, fra) with v42 (shop:v2), without traffic, left stopped
    switch
      send traffic to 2 new machines
      take traffic from a, b
    settle (settles)
      remove machine a (app, v41)
      remove machine b (app, v41)
    ");
    let data = StageData::read(&stages[2].data).unwrap();
    let launches: Vec<&Value> =
        data.works.iter().map(|it| &it.config["metadata"]["pipeline_launch"]).collect();
    assert_eq!(launches, ["run-1.app.0", "run-1.app.1"]);
}

#[test]
fn a_group_that_rests_gets_one_new_machine_that_runs() {
    let world = world(&[machine("a", "stopped", &json!({})), machine("b", "stopped", &json!({}))]);
    let stages = stages(&world, &desired(TOML), &order(Strategy::BlueGreen)).unwrap();
    let data = StageData::read(&stages[0].data).unwrap();
    assert_eq!(data.works.iter().map(|it| it.runs).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_first_deploy_creates_two_machines_where_something_is_served() {
    let toml = r#"
primary_region = "fra"
kill_signal = "SIGTERM"
[processes]
web = "server"
worker = "work --all"
[http_service]
processes = ["web"]
[[http_service.checks]]
path = "/health"
"#;
    let first = stages(&world(&[]), &desired(toml), &order(Strategy::BlueGreen)).unwrap();
    insta::assert_snapshot!(told(&first), @r"
    create
      create a machine (web, fra) with v42 (shop:v2)
      create a machine (web, fra) with v42 (shop:v2)
      create a machine (worker, fra) with v42 (shop:v2)
      create a machine (worker, fra) with v42 (shop:v2), standing by
    ");
    let alone = Order { ha: false, ..order(Strategy::Rolling) };
    let stages = stages(&world(&[]), &desired(toml), &alone).unwrap();
    assert_eq!(stages[0].changes.len(), 2);
}

#[test]
fn leftovers_and_groups_that_are_no_more_go_at_the_end_and_strangers_stay() {
    let left = json!({"cordoned": true, "metadata": {"pipeline_run": "run-0", "pipeline_launch": "run-0.app.0"}});
    let gone = json!({"metadata": {"fly_process_group": "cron"}});
    let stranger = json!({"metadata": {"fly_platform_version": "v1"}});
    let world = world(&[
        machine("a", "started", &json!({})),
        machine("b", "started", &json!({})),
        machine("c", "started", &left),
        machine("d", "started", &gone),
        machine("e", "started", &stranger),
    ]);
    let stages = stages(&world, &desired("[http_service]"), &order(Strategy::Rolling)).unwrap();
    insta::assert_snapshot!(told(&stages), @r#"
    roll
      update machine a (app, fra) from v41 to v42 (shop:v2)
      update machine b (app, fra) from v41 to v42 (shop:v2)
      ! machine e is left alone: it carries no fly_platform_version=v2, so no deploy made it
      ! machine c was left behind by run-0 and is removed at the end
      ! the group app has no health check: a machine counts as good once it has started
      ! machines of the group app are stopped with SIGINT, on which many servers drop their requests; set kill_signal = "SIGTERM" in fly.toml
    settle (settles)
      remove machine c (app, v41), left behind by run-0
      remove machine d (cron, v41), a group that fly.toml no longer has
    "#);
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_touched() {
    let volume = json!({"config": {"mounts": [{"volume": "vol_1", "path": "/data"}]}});
    let other = json!({"config": {"image": "shop:v0"}});
    let mounted = "[[mounts]]\nsource = \"data\"\ndestination = \"/data\"\n";
    let plain = [machine("a", "started", &json!({}))];
    let table = [
        (
            vec![machine("a", "started", &volume)],
            TOML,
            Strategy::BlueGreen,
            "machine a has a volume, which bluegreen cannot move",
        ),
        (
            vec![machine("a", "started", &volume)],
            TOML,
            Strategy::Rolling,
            "machine a has other mounts than fly.toml says",
        ),
        (
            plain.to_vec(),
            mounted,
            Strategy::BlueGreen,
            "the group app needs volumes, and its machines would be new",
        ),
        (
            vec![],
            mounted,
            Strategy::Rolling,
            "the group app needs a volume named data, and none is free",
        ),
        (
            vec![machine("a", "started", &json!({})), machine("b", "started", &other)],
            TOML,
            Strategy::BlueGreen,
            "machines of the group app run different images: a runs shop:v1, b runs shop:v0",
        ),
    ];
    for (machines, toml, strategy, problem) in table {
        let error = stages(&world(&machines), &desired(toml), &order(strategy)).unwrap_err();
        assert_eq!(error.to_string(), problem);
    }
}

#[test]
fn a_plan_without_an_image_says_so() {
    let world = world(&[machine("a", "started", &json!({}))]);
    let blind = Order { image: "", ..order(Strategy::Rolling) };
    let stages = stages(&world, &desired(TOML), &blind).unwrap();
    assert_eq!(
        stages[0].changes,
        ["update machine a (app, fra) from v41 to v42 (an image yet to be built)"]
    );
}

fn mended(mut desired: Desired, more: impl FnOnce(&mut Desired)) -> Desired {
    more(&mut desired);
    desired
}

fn migration() -> crate::one_off::OneOff {
    crate::one_off::OneOff {
        name: "release_command".into(),
        line: "bin/migrate".into(),
        launch: String::new(),
        region: Some("fra".into()),
        timeout: Some(Duration::from_mins(5)),
        config: json!({"init": {"cmd": ["bin/migrate"]}, "metadata": {"fly_process_group": "fly_app_release_command"}}),
    }
}

#[test]
fn a_canary_is_one_machine_of_each_group_with_traffic() {
    let toml = format!("{TOML}\n[processes]\napp = \"\"\nworker = \"work\"");
    let worker = json!({"metadata": {"fly_process_group": "worker"}, "config": {"services": []}});
    let world = world(&[
        machine("a", "stopped", &json!({})),
        machine("b", "started", &json!({})),
        machine("c", "started", &json!({})),
        machine("w", "started", &worker),
    ]);
    let stages = stages(&world, &desired(&toml), &order(Strategy::Canary)).unwrap();
    insta::assert_snapshot!(told(&stages), @r"
    canary
      update machine b (app, fra) from v41 to v42 (shop:v2)
      watch it among the others for 60s
    roll
      update machine a (app, fra) from v41 to v42 (shop:v2), left stopped
      update machine c (app, fra) from v41 to v42 (shop:v2)
      update machine w (worker, fra) from v41 to v42 (shop:v2)
    ");
}

#[test]
fn where_nothing_has_traffic_the_first_machine_that_works_is_the_canary() {
    let worker = json!({"config": {"services": []}});
    let world = world(&[machine("a", "started", &worker), machine("b", "started", &worker)]);
    let bare = desired("primary_region = \"fra\"");
    let stages = stages(&world, &bare, &order(Strategy::Canary)).unwrap();
    assert_eq!(stages[0].name, "canary");
    assert!(stages[0].changes[0].starts_with("update machine a"), "{:?}", stages[0].changes);
}

#[test]
fn immediate_takes_all_machines_at_once_and_says_so() {
    let world = world(&[machine("a", "started", &json!({})), machine("b", "started", &json!({}))]);
    let stages = stages(&world, &desired(TOML), &order(Strategy::Immediate)).unwrap();
    insta::assert_snapshot!(told(&stages), @r"
    roll
      update machine a (app, fra) from v41 to v42 (shop:v2)
      update machine b (app, fra) from v41 to v42 (shop:v2)
      ! immediate takes down all machines of the group app at once; no other strategy does
    ");
}

#[test]
fn the_release_command_comes_before_everything_on_a_machine_as_large_as_the_largest() {
    let large = json!({"config": {"guest": {"cpus": 4, "memory_mb": 4096}}});
    let small = json!({"config": {"guest": {"cpus": 1, "memory_mb": 256}}});
    let world = world(&[machine("a", "started", &small), machine("b", "started", &large)]);
    let desired = mended(desired(TOML), |it| it.release = Some(migration()));
    let stages = stages(&world, &desired, &order(Strategy::BlueGreen)).unwrap();
    let names: Vec<(&str, bool)> = stages.iter().map(|it| (&*it.name, it.prepares)).collect();
    assert_eq!(names, [("release", true), ("green", false), ("switch", false), ("settle", false)]);
    insta::assert_snapshot!(stages[0].changes[0], @"run `bin/migrate` with shop:v2 on a machine of its own, at most 300s");
    let release = StageData::read(&stages[0].data).unwrap().release.unwrap();
    assert_eq!(release.launch, "run-1.release");
    assert_eq!(
        (&release.config["image"], &release.config["guest"]["memory_mb"]),
        (&json!("shop:v2"), &json!(4096))
    );
    assert_eq!(release.config["metadata"]["pipeline_launch"], "run-1.release");
}

#[test]
fn who_stands_by_stands_by_for_the_machine_that_replaces_it() {
    let worker = json!({"config": {"services": []}});
    let standby = json!({"config": {"services": [], "standbys": ["b"]}});
    let world = world(&[machine("a", "stopped", &standby), machine("b", "started", &worker)]);
    let bare = desired("primary_region = \"fra\"");
    let green = stages(&world, &bare, &order(Strategy::BlueGreen)).unwrap();
    let works = StageData::read(&green[0].data).unwrap().works;
    assert_eq!((works[0].runs, &works[0].stands_by[..]), (false, &["run-1.app.1".to_owned()][..]));
    assert_eq!(works[0].config.get("standbys"), None);
    // In place it keeps whom it stands by for, and is told again: flyctl writes that variable anew each time.
    let roll = stages(&world, &bare, &order(Strategy::Rolling)).unwrap();
    let works = StageData::read(&roll[0].data).unwrap().works;
    assert_eq!(works[0].config["standbys"], json!(["b"]));
    assert_eq!(works[0].config["env"]["FLY_STANDBY_FOR"], "b");
}

#[test]
fn a_first_machine_without_traffic_gets_one_that_stands_by() {
    let bare = desired("primary_region = \"fra\"");
    let first = stages(&world(&[]), &bare, &order(Strategy::Rolling)).unwrap();
    let works = StageData::read(&first[0].data).unwrap().works;
    let shapes: Vec<(bool, usize)> = works.iter().map(|it| (it.runs, it.stands_by.len())).collect();
    assert_eq!(shapes, [(true, 0), (false, 1)]);
}

#[test]
fn the_first_machine_of_a_group_with_volumes_takes_one_that_is_free() {
    let toml = "primary_region = \"fra\"\n[[mounts]]\nsource = \"data\"\ndestination = \"/data\"";
    let volumes = |region: &str, holder: Value| {
        let volume = json!({"id": "vol_1", "name": "data", "region": region, "state": "created",
            "attached_machine_id": holder});
        world(&[]).with_volumes(vec![serde_json::from_value(volume).unwrap()])
    };
    let free = volumes("fra", Value::Null);
    let first = stages(&free, &desired(toml), &order(Strategy::Rolling)).unwrap();
    let works = StageData::read(&first[0].data).unwrap().works;
    assert_eq!(works.len(), 1, "nobody stands by with the same volume");
    assert_eq!(works[0].config["mounts"][0]["volume"], "vol_1");
    assert_eq!(works[0].config["mounts"][0]["path"], "/data");
    for world in [volumes("ams", Value::Null), volumes("fra", json!("m1")), world(&[])] {
        let refused = stages(&world, &desired(toml), &order(Strategy::Rolling)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the group app needs a volume named data, and none is free"
        );
    }
}

#[test]
fn a_group_whose_machines_are_all_out_of_reach_is_not_made_a_second_time() {
    let lost: crate::api::Machine = serde_json::from_value(
        json!({"id": "x", "state": "started", "host_status": "unreachable"}),
    )
    .unwrap();
    let skip = |machines: &[crate::api::Machine]| {
        let world = World::of(machines, crate::config::Unreachable::Skip).unwrap();
        stages(&world, &desired(TOML), &order(Strategy::Rolling))
    };
    let seen = machine("a", "started", &json!({}));
    assert!(skip(&[lost.clone(), seen]).is_ok(), "the group has a machine that can be read");
    assert!(skip(&[]).is_ok(), "a new app");
    let refused = skip(&[lost]).unwrap_err().to_string();
    assert!(
        refused.starts_with("no machine of the group app can be read, and machine x"),
        "{refused}"
    );
}
