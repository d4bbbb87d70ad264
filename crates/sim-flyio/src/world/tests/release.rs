//! Releases: numbers, statuses, builds.

use serde_json::{Value, json};

use crate::{
    ids::Ids,
    world::{Host, Release, ReleasePatch, ReleaseRequest, World},
};

fn world() -> World {
    let mut world =
        World::new(Host::new(Ids::new(crate::dice::Dice::new(Some(1), 0)), 1_786_701_400_000));
    world.create_app("shop").unwrap();
    world.create_app("other").unwrap();
    world
}

/// Makes a release of an app; its id and number.
fn release(world: &mut World, app: &str, changes: &Value) -> Result<(String, u64), String> {
    let mut ask = json!({ "app_name": app, "image": "shop:v1", "strategy": "ROLLING" });
    ask.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let ask: ReleaseRequest = serde_json::from_value(ask).unwrap();
    let made = world.create_release(ask).map(|release| (release.id.clone(), release.version));
    made.map_err(|refusal| refusal.error)
}

fn patch(world: &mut World, id: &str, status: &str) -> Result<Value, String> {
    let patch = ReleasePatch { status: status.to_owned(), metadata: Value::Null };
    let patched = world.patch_release(id, patch).map(Release::to_json);
    patched.map_err(|refusal| refusal.error)
}

#[test]
fn each_app_counts_its_own_releases_from_one_and_shows_the_newest_first() {
    let mut world = world();
    let made = ["shop", "shop", "other"].map(|app| release(&mut world, app, &json!({})).unwrap().1);
    assert_eq!(made, [1, 2, 1]);
    let versions = |limit| -> Vec<u64> {
        world.releases("shop", limit).unwrap().iter().map(|release| release.version).collect()
    };
    assert_eq!(versions(25), [2, 1]);
    assert_eq!(versions(1), [2]);
    assert_eq!(world.releases.all_current().as_object().unwrap().len(), 2);
}

#[test]
fn a_release_is_in_progress_until_its_deployer_says_how_it_ended() {
    let mut world = world();
    let (id, _) = release(&mut world, "shop", &json!({})).unwrap();
    let table = [("running", true, false), ("failed", false, false), ("complete", false, true)];
    for (status, in_progress, stable) in table {
        let shown = patch(&mut world, &id, status).unwrap();
        assert_eq!(shown["status"], status);
        assert_eq!(
            (&shown["in_progress"], &shown["stable"]),
            (&json!(in_progress), &json!(stable))
        );
    }
    assert_eq!(patch(&mut world, "nobody", "failed").unwrap_err(), "release not found");
    assert_eq!(patch(&mut world, &id, "").unwrap_err(), "invalid_argument: status is required");
}

#[test]
fn a_release_that_makes_no_sense_is_refused_and_takes_no_number() {
    let mut world = world();
    let table = [
        ("gone", json!({}), "app not found"),
        ("shop", json!({ "image": "" }), "invalid_argument: image is required"),
        ("shop", json!({ "strategy": "rolling" }), "invalid_argument: unknown strategy 'rolling'"),
        ("shop", json!({ "build_id": 7 }), "build not found"),
    ];
    for (app, changes, wanted) in table {
        assert_eq!(release(&mut world, app, &changes).unwrap_err(), wanted);
    }
    assert_eq!(release(&mut world, "shop", &json!({})).unwrap().1, 1);
}

#[test]
fn a_build_belongs_to_its_app() {
    let mut world = world();
    let build = world.create_build("shop").unwrap();
    assert_eq!((&build["id"], &build["status"]), (&json!(1), &json!("running")));
    assert_eq!(world.finish_build(1, "other", "completed").unwrap_err().error, "build not found");
    assert_eq!(world.finish_build(1, "shop", "completed").unwrap()["status"], "completed");
    assert_eq!(release(&mut world, "shop", &json!({ "build_id": 1 })).unwrap().1, 1);
    assert!(release(&mut world, "other", &json!({ "build_id": 1 })).is_err());
}
