//! Volumes, and the machines that hold them.

use serde_json::{Value, json};

use super::super::{Destroy, Fact, World, effect::MachineKey};
use super::{Story, config};

fn asked<T: serde::de::DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

impl Story {
    fn volume(&mut self, body: Value) -> Result<Value, String> {
        let made = self.world.create_volume("shop", asked(body));
        made.map_err(|refusal| format!("{} {}", refusal.status, refusal.error))
    }

    /// Tries to create a machine with `mounts`; returns its id.
    fn mount(&mut self, mounts: &Value, region: &str) -> Result<String, String> {
        let mut config = config("v1");
        config["mounts"] = mounts.clone();
        let made = self.world.create("shop", asked(json!({ "config": config, "region": region })));
        made.map_err(|refusal| format!("{} {}", refusal.status, refusal.error))
    }

    fn shown(&self, volume: &str) -> Value {
        self.world.volume("shop", volume).unwrap()
    }
}

#[test]
fn a_volume_is_held_by_one_machine_until_that_is_destroyed() {
    let mut story = Story::started(&config("v1"));
    let volume = story.volume(json!({ "name": "data", "region": "fra" })).unwrap();
    let id = volume["id"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), &volume["attached_machine_id"]), (24, &json!(null)));
    let mounts = json!([{ "volume": id, "path": "/data" }]);
    let holder = story.mount(&mounts, "fra").unwrap();
    assert_eq!(story.shown(&id)["attached_machine_id"], holder);
    let bound = format!("412 failed_precondition: volume is currently bound to machine: {holder}");
    assert_eq!(story.mount(&mounts, "fra").unwrap_err(), bound);
    let refused = story.world.delete_volume("shop", &id).unwrap_err();
    assert_eq!(format!("{} {}", refused.status, refused.error), bound);
    story.id.clone_from(&holder);
    story.ask(None, |world, target| world.destroy(target, Destroy::ByForce)).unwrap();
    let key = MachineKey { app: "shop".into(), machine: holder };
    story.world.note(&key, Fact::Exited { boot: 2, exit: super::Exit::default() });
    assert_eq!(story.shown(&id)["attached_machine_id"], json!(null));
    story.mount(&mounts, "fra").unwrap();
}

#[test]
fn what_cannot_be_mounted_is_refused_before_there_is_a_machine() {
    let mut story = Story::started(&config("v1"));
    let volume = story.volume(json!({ "name": "data", "region": "fra" })).unwrap();
    let id = volume["id"].as_str().unwrap();
    let mount = json!({ "volume": id, "path": "/data" });
    let table = [
        (json!([mount, mount]), "fra", "400 invalid_argument: a machine can have one mount only"),
        (json!([{ "volume": id }]), "fra", "400 invalid_argument: config.mounts[0].path must be"),
        (json!([{ "path": "/d" }]), "fra", "400 invalid_argument: config.mounts[0].volume is"),
        (json!([{ "volume": "vol_x", "path": "/d" }]), "fra", "404 volume not found"),
        (json!([mount]), "ord", "400 invalid_argument: volume vol_"),
        (json!([]), "xyz", "400 invalid_argument: unknown region 'xyz'"),
    ];
    for (mounts, region, wanted) in table {
        let refused = story.mount(&mounts, region).unwrap_err();
        assert!(refused.starts_with(wanted), "{refused}");
    }
    assert_eq!(story.world.apps["shop"].machines.len(), 1);
}

#[test]
fn a_volume_goes_through_the_states_of_the_platform() {
    let mut story = Story::started(&config("v1"));
    let volume = story.volume(json!({ "name": "data" })).unwrap();
    let id = volume["id"].as_str().unwrap();
    assert_eq!((&volume["state"], &volume["size_gb"]), (&json!("creating"), &json!(1)));
    story.world.host.now += 50;
    assert_eq!(story.shown(id)["state"], "created");
    let extended = story.world.extend_volume(("shop", id), 3).unwrap();
    assert_eq!(
        (&extended["volume"]["state"], &extended["needs_restart"]),
        (&json!("extending"), &json!(false))
    );
    assert!(story.world.extend_volume(("shop", id), 2).is_err(), "it cannot shrink");
    story.world.host.now += 50;
    assert_eq!(story.world.delete_volume("shop", id).unwrap()["state"], "scheduling_destroy");
    story.world.host.now += 50;
    assert_eq!(story.shown(id)["state"], "pending_destroy");
    assert_eq!(story.world.app("shop").unwrap().to_json()["volume_count"], 0);
    assert_eq!(story.world.extend_volume(("shop", id), 9).unwrap_err().status, 404);
    story.world.host.now += 24 * 60 * 60 * 1000;
    assert_eq!(story.world.list_volumes("shop").unwrap(), json!([]));
}

#[test]
fn bad_volumes_are_refused() {
    let mut story = Story::started(&config("v1"));
    for (body, what) in [
        (json!({ "name": "Data" }), "volume name"),
        (json!({ "name": "" }), "volume name"),
        (json!({ "name": "d", "size_gb": 0 }), "size_gb"),
        (json!({ "name": "d", "size_gb": 501 }), "size_gb"),
        (json!({ "name": "d", "region": "xyz" }), "region"),
        (json!({ "name": "d", "snapshot_retention": 61 }), "snapshot_retention"),
        (json!({ "name": "d", "source_volume_id": "vol_1" }), "not simulated"),
    ] {
        let refused = story.volume(body).unwrap_err();
        assert!(refused.starts_with("400") && refused.contains(what), "{refused}");
    }
}

#[test]
fn an_app_that_is_deleted_takes_its_machines_and_volumes_along_and_frees_its_name_at_last() {
    let mut story = Story::started(&config("v1"));
    story.volume(json!({ "name": "data" })).unwrap();
    story.effects();
    story.world.delete_app("shop").unwrap();
    assert_eq!(story.effects(), ["tell 1 to Kill"]);
    assert_eq!(story.world.list_volumes("shop").unwrap_err().error, "app not found");
    assert_eq!(story.ask(None, World::start).unwrap_err(), "404 app not found");
    assert_eq!(story.world.list_apps(None)["total_apps"], 0);
    assert_eq!(story.world.create_app("shop").unwrap_err().status, 422, "a machine still ends");
    story.exits(1, 137);
    assert_eq!(story.world.create_app("shop").unwrap().to_json()["machine_count"], 0);
}
