//! Updates, and how they are undone.

use serde_json::json;

use super::super::{World, fact::Lapse, lifecycle::State};
use super::{Story, config};

#[test]
fn an_update_stops_the_old_version_as_the_old_configuration_says_and_boots_the_new() {
    let mut old = config("v1");
    old["stop_config"] = json!({ "signal": "SIGTERM", "timeout": "9s" });
    let mut story = Story::started(&old);
    story.effects();
    let first = story.machine().version().id.clone();
    story.update(json!({ "config": config("v2"), "current_version": first })).unwrap();
    assert_eq!(story.state(), State::Replacing);
    assert_ne!(story.machine().version().id, first);
    assert_eq!(story.effects(), ["tell 1 to Stop { signal: 15, grace: 9s }"]);
    assert_eq!(
        story.update(json!({ "config": config("v1") })).unwrap_err(),
        "409 aborted: machine is replacing: concurrent update in progress"
    );
    assert_eq!(
        story.ask(None, World::start).unwrap_err(),
        "412 failed_precondition: machine getting replaced, refusing to start"
    );
    story.exits(1, 0);
    assert_eq!((story.state(), story.effects()), (State::Starting, vec!["boot 2 of v2".into()]));
    assert_eq!(story.last_event().request["exit_event"]["requested_stop"], true);
    story.boots(2);
    assert_eq!(story.state(), State::Started);
}

#[test]
fn an_update_of_a_machine_that_is_not_started_does_not_boot_it() {
    for (ending, wanted) in [(None, State::Created), (Some(Lapse::Settle), State::Stopped)] {
        let mut story = Story::with(json!({ "config": config("v1"), "skip_launch": true }));
        if let Some(lapse) = ending {
            story.lapses(lapse);
        }
        story.effects();
        story.update(json!({ "config": config("v2") })).unwrap();
        assert_eq!(story.effects(), ["later Install"]);
        story.lapses(Lapse::Install);
        assert_eq!(story.state(), wanted);
        assert!(!story.effects().iter().any(|effect| effect.starts_with("boot")));
    }
}

#[test]
fn an_update_with_skip_launch_leaves_a_started_machine_stopped() {
    let mut story = Story::started(&config("v1"));
    story.update(json!({ "config": config("v2"), "skip_launch": true })).unwrap();
    story.exits(1, 0);
    assert_eq!(story.state(), State::Stopped);
}

#[test]
fn an_update_to_an_image_that_cannot_be_pulled_is_silently_undone() {
    let mut story = Story::started(&config("v1"));
    let first = story.machine().version().id.clone();
    story.effects();
    story.update(json!({ "config": config("gone") })).unwrap();
    let second = story.machine().version().id.clone();
    assert_eq!((story.state(), story.effects()), (State::Replacing, vec!["later Revert".into()]));
    story.lapses(Lapse::Revert);
    assert_eq!((story.state(), &story.machine().version().id), (State::Started, &first));
    assert_eq!(story.machine().config().image(), "shop:v1");
    assert_eq!(story.machine().versions_json()[0]["version"], *second, "it is in the history");
}

#[test]
fn a_process_that_dies_while_its_update_is_undone_is_started_again() {
    let mut story = Story::started(&config("v1"));
    story.update(json!({ "config": config("gone") })).unwrap();
    story.effects();
    story.exits(1, 3);
    assert_eq!(story.last_event().request["exit_event"]["requested_stop"], false);
    story.lapses(Lapse::Revert);
    assert_eq!((story.state(), story.effects()), (State::Starting, vec!["boot 2 of v1".into()]));
}

#[test]
fn an_update_on_an_outdated_view_changes_nothing() {
    let mut story = Story::started(&config("v1"));
    let (first, stale) = (story.machine().version().id.clone(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let refused = story.update(json!({ "config": config("v2"), "current_version": stale }));
    assert_eq!(
        refused.unwrap_err(),
        format!("409 aborted: machine version is {first}, not the expected {stale}")
    );
    assert_eq!((story.state(), &story.machine().version().id), (State::Started, &first));
}

#[test]
fn name_region_and_mounts_cannot_be_changed() {
    let mut story = Story::started(&config("v1"));
    let mut mounted = config("v1");
    mounted["mounts"] = json!([{ "volume": "vol_1", "path": "/data" }]);
    let table = [
        (json!({ "config": config("v1"), "region": "fra" }), "region"),
        (json!({ "config": config("v1"), "name": "new" }), "name"),
        (json!({ "config": mounted }), "mounts"),
    ];
    for (launch, what) in table {
        let refused = story.update(launch).unwrap_err();
        assert!(refused.starts_with("400") && refused.contains(what), "{refused}");
    }
    let same = json!({ "config": config("v1"), "region": "ord" });
    assert_eq!(story.update(same), Ok(()));
}
