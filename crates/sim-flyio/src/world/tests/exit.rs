//! The ends of processes, and what follows.

use serde_json::json;

use super::super::{Fact, StopOrder, World, fact::Lapse, lifecycle::State};
use super::{Story, config};

#[test]
fn the_restart_policy_counts_failures_within_five_minutes() {
    let mut limited = config("v1");
    limited["restart"] = json!({ "policy": "on-failure", "max_retries": 2 });
    let mut story = Story::started(&limited);
    for boot in 1..=2 {
        story.exits(boot, 1);
        assert_eq!(story.state(), State::Starting, "after boot {boot}");
        let event = &story.last_event().request;
        assert_eq!(event["exit_event"]["restarting"], true);
        assert_eq!(event["restart_count"], boot);
        story.boots(boot + 1);
    }
    story.world.host.now += 5 * 60 * 1000;
    story.exits(3, 1);
    assert_eq!(story.state(), State::Starting, "the window has passed");
    story.boots(4);
    story.exits(4, 1);
    story.boots(5);
    story.exits(5, 1);
    assert_eq!(story.state(), State::Stopped);
    assert_eq!(story.last_event().request["exit_event"]["restarting"], false);
}

#[test]
fn each_restart_policy_has_its_own_mind_about_an_exit() {
    let table = [
        ("no", 1, State::Stopped),
        ("no", 0, State::Stopped),
        ("spot-price", 1, State::Stopped),
        ("on-failure", 0, State::Stopped),
        ("on-failure", 1, State::Starting),
        ("always", 0, State::Starting),
    ];
    for (policy, code, wanted) in table {
        let mut with = config("v1");
        with["restart"] = json!({ "policy": policy });
        let mut story = Story::started(&with);
        story.exits(1, code);
        assert_eq!(story.state(), wanted, "{policy} after {code}");
    }
}

#[test]
fn a_machine_with_auto_destroy_is_gone_when_its_work_is_done_and_can_be_read_for_a_while() {
    let mut job = config("v1");
    job["auto_destroy"] = json!(true);
    job["restart"] = json!({ "policy": "no" });
    let mut story = Story::started(&job);
    story.exits(1, 3);
    assert_eq!(story.state(), State::Destroyed);
    assert_eq!(story.last_event().request["exit_event"]["exit_code"], 3);
    story.world.host.now += 4 * 60 * 1000;
    assert!(story.ask(None, |world, target| world.read(target).map(|_| ())).is_ok());
    assert_eq!(story.ask(None, World::start).unwrap_err(), "404 machine not found");
    story.world.host.now += 60 * 1000;
    let read = story.ask(None, |world, target| world.read(target).map(|_| ()));
    assert_eq!(read.unwrap_err(), "404 machine not found");
    story.world.changed();
    assert!(story.world.apps["shop"].machines.is_empty());
}

#[test]
fn the_words_of_an_earlier_boot_change_nothing() {
    let mut story = Story::started(&config("v1"));
    story.ask(None, |world, target| world.restart(target, StopOrder::default())).unwrap();
    story.exits(1, 0);
    assert_eq!(story.state(), State::Starting);
    story.exits(1, 9);
    story.note(Fact::NotBooted { boot: 1, why: "late".into() });
    story.note(Fact::Lapsed { serial: 0, lapse: Lapse::Settle });
    assert_eq!(story.state(), State::Starting);
    story.boots(2);
    assert_eq!(story.state(), State::Started);
}

#[test]
fn a_suspended_machine_keeps_its_process_and_goes_on_with_it() {
    let mut story = Story::started(&config("v1"));
    story.effects();
    story.ask(None, World::suspend).unwrap();
    assert_eq!(
        (story.state(), story.effects()),
        (State::Suspended, vec!["tell 1 to SignalAll(19)".into()])
    );
    assert_eq!(story.ask(None, World::start), Ok(State::Suspended));
    assert_eq!(
        (story.state(), story.effects()),
        (State::Starting, vec!["tell 1 to SignalAll(18)".into(), "later Resume".into()])
    );
    story.lapses(Lapse::Resume);
    assert_eq!((story.state(), story.effects().len()), (State::Started, 0));
}

#[test]
fn a_machine_whose_process_ends_on_the_way_back_boots_anew() {
    let mut story = Story::started(&config("v1"));
    story.ask(None, World::suspend).unwrap();
    story.ask(None, World::start).unwrap();
    story.effects();
    story.exits(1, 1);
    assert_eq!(story.state(), State::Starting);
    story.lapses(Lapse::Resume);
    assert_eq!((story.state(), story.effects()), (State::Starting, vec!["boot 2 of v1".into()]));
}
