//! What the proxy may do to machines by itself.

use super::*;
use crate::world::{Autostop, Presence};

fn key(story: &Story) -> MachineKey {
    MachineKey { app: "shop".into(), machine: story.id.clone() }
}

#[test]
fn an_idle_machine_is_stopped_by_the_platform_and_started_again_whoever_holds_its_lease() {
    let mut story = Story::started(&config("v1"));
    let key = key(&story);
    story
        .ask(None, |world, target| {
            let (machine, host) = world.touch(target)?;
            machine.acquire(LeaseAsk { ttl: Some(60), ..LeaseAsk::default() }, None, host)?;
            Ok(())
        })
        .unwrap();
    story.effects();
    story.world.autostop(&key, Autostop::Stop);
    assert_eq!(story.state(), State::Stopping);
    assert_eq!(story.last_event().kind, "stop");
    assert_eq!(story.last_event().source, event::Source::Flyd);
    assert!(story.effects()[0].starts_with("tell 1 to Stop"));
    story.exits(1, 0);
    assert_eq!(story.world.presence(&key), Presence::Stopped);
    story.world.autostart(&key).unwrap();
    assert_eq!(story.effects(), ["boot 2 of v1"]);
    assert_eq!(story.world.presence(&key), Presence::Starting);
}

#[test]
fn a_suspended_machine_goes_on_where_it_was() {
    let mut story = Story::started(&config("v1"));
    let key = key(&story);
    story.world.autostop(&key, Autostop::Suspend);
    assert_eq!(story.state(), State::Suspended);
    assert!(story.machine().route().idle);
    assert_eq!(story.world.presence(&key), Presence::Frozen);
    story.world.autostart(&key).unwrap();
    story.lapses(Lapse::Resume);
    assert_eq!(story.state(), State::Started);
}

#[test]
fn autostop_in_the_middle_of_an_update_leaves_the_new_version_stopped() {
    let mut story = Story::started(&config("v1"));
    let key = key(&story);
    story.update(json!({ "config": config("v2") })).unwrap();
    assert_eq!(story.state(), State::Replacing);
    story.world.autostop(&key, Autostop::Stop);
    story.exits(1, 0);
    assert_eq!(story.state(), State::Stopped);
    assert_eq!(story.machine().version().image.tag, "v2");
}

#[test]
fn machines_that_moved_on_are_left_alone_and_those_that_are_gone_are_gone() {
    let mut story = Story::with(json!({ "config": config("v1") }));
    let key = key(&story);
    story.world.autostop(&key, Autostop::Stop);
    assert_eq!(story.state(), State::Starting);
    assert!(story.world.autostart(&key).is_err(), "it starts already");
    let unknown = MachineKey { app: "shop".into(), machine: "0".repeat(14) };
    assert_eq!(story.world.presence(&unknown), Presence::Gone);
    assert!(story.world.autostart(&unknown).is_err());
}
