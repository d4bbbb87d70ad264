//! From creation to a running process.

use serde_json::json;

use super::super::{World, fact::Lapse, lifecycle::State};
use super::{Story, config};

#[test]
fn a_machine_is_created_boots_and_starts() {
    let mut story = Story::with(json!({ "config": config("v1"), "lease_ttl": 10 }));
    assert_eq!(story.state(), State::Starting);
    assert_eq!(story.effects(), ["boot 1 of v1"]);
    assert!(story.machine().lease(story.world.host.now).is_some());
    story.boots(1);
    assert_eq!(story.state(), State::Started);
    let kinds: Vec<_> = story.machine().events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["launch", "start"]);
}

#[test]
fn a_machine_that_is_not_launched_settles_and_only_then_can_be_started() {
    let mut story = Story::with(json!({ "config": config("v1"), "skip_launch": true }));
    assert_eq!(story.effects(), ["later Settle"]);
    assert_eq!(
        story.ask(None, World::start).unwrap_err(),
        "412 failed_precondition: unable to start machine from current state: 'created'"
    );
    story.lapses(Lapse::Settle);
    assert_eq!(story.state(), State::Stopped);
    assert_eq!(story.ask(None, World::start), Ok(State::Stopped));
    assert_eq!(story.effects(), ["boot 1 of v1"]);
}

#[test]
fn a_machine_whose_image_cannot_be_pulled_fails_and_can_be_mended() {
    let mut story = Story::with(json!({ "config": config("gone") }));
    assert_eq!(story.effects(), ["later NoImage"]);
    story.lapses(Lapse::NoImage);
    assert_eq!(story.state(), State::Failed);
    let error = story.last_event().request["error"].as_str().unwrap();
    assert!(error.starts_with("failed to pull image docker.io/shop:gone@sha256:"), "{error}");
    story.update(json!({ "config": config("v1") })).unwrap();
    assert_eq!(story.effects(), ["later Install"]);
    story.lapses(Lapse::Install);
    assert_eq!((story.state(), story.effects()), (State::Starting, vec!["boot 1 of v1".into()]));
}

#[test]
fn the_environment_of_a_process_names_its_machine_and_the_image_has_the_last_place() {
    let mut with = config("v1");
    with["env"] = json!({ "A": "config", "FLY_REGION": "lie" });
    with["metadata"] = json!({ "fly_process_group": "worker" });
    let story = Story::started(&with);
    let image = [("A", "image"), ("B", "image")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let env = story.machine().environment(&image.into(), [].into());
    let version = story.machine().version();
    let wanted = [
        ("A", "config"),
        ("B", "image"),
        ("FLY_APP_NAME", "shop"),
        ("FLY_MACHINE_ID", &story.id),
        ("FLY_ALLOC_ID", &story.id),
        ("FLY_MACHINE_VERSION", &version.id),
        ("FLY_REGION", "ord"),
        ("FLY_IMAGE_REF", &version.image.full()),
        ("FLY_PROCESS_GROUP", "worker"),
        ("PRIMARY_REGION", "ord"),
    ];
    for (key, value) in wanted {
        assert_eq!(env[key], value, "{key}");
    }
}
