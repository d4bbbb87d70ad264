//! Faults that befall machines.

use std::time::Duration;

use serde_json::json;

use super::super::{Destroy, Effect, Order, StopOrder, World, lifecycle::State};
use super::{Lapse, Story, config};

impl Story {
    /// One with a fault, and one machine that is created after it.
    pub(super) fn faulty(fault: &str, launch: serde_json::Value) -> Self {
        let mut story = Self::empty();
        story.inject(fault);
        let launch = serde_json::from_value(launch).unwrap();
        story.id = story.world.create("shop", launch).unwrap();
        story
    }

    pub(super) fn inject(&mut self, fault: &str) {
        self.world.host.faults.inject(fault.parse().unwrap());
    }

    /// How often the only fault has struck.
    pub(super) fn fired(&self) -> u64 {
        self.world.host.faults.status()[0].fired
    }

    /// What a fault had put off happens now.
    pub(super) fn puts_off(&mut self) -> Vec<Duration> {
        let mut times = Vec::new();
        for effect in self.world.host.take_effects() {
            if let Effect::After { time, fact, .. } = effect {
                times.push(time);
                self.world.host.now += i64::try_from(time.as_millis()).unwrap();
                self.note(*fact);
            }
        }
        times
    }
}

pub(super) fn v1() -> serde_json::Value {
    json!({ "config": config("v1") })
}

#[test]
fn a_machine_can_be_stuck_in_created_and_in_starting() {
    let mut story = Story::faulty("create@1=stuck", v1());
    assert_eq!((story.state(), story.fired()), (State::Created, 1));
    assert!(story.effects().is_empty(), "nothing will ever happen");
    let refusal = story.ask(None, World::start).unwrap_err();
    assert_eq!(
        refusal,
        "412 failed_precondition: unable to start machine from current state: 'created'"
    );
    let mut story = Story::faulty("boot@1=stuck", v1());
    let Effect::Boot(boot) = story.world.host.take_effects().remove(0) else { panic!() };
    assert!(boot.image.boot_ms.unwrap() > 1_000_000_000, "it goes on starting");
    story.ask(None, |world, target| world.stop(target, StopOrder::default())).unwrap();
    assert_eq!(story.state(), State::Stopping, "and can be stopped");
}

#[test]
fn a_crash_is_seen_with_its_code_and_once_means_once() {
    let mut story = Story::faulty("boot@1=crash:500ms:7", v1());
    story.boots(1);
    assert_eq!(story.puts_off(), [Duration::from_millis(500)]);
    assert_eq!(story.effects(), ["tell 1 to Kill"]);
    story.note(super::Fact::Exited {
        boot: 1,
        exit: super::Exit { signal: Some(9), ..super::Exit::default() },
    });
    let request = &story.last_event().request;
    assert_eq!(
        (&request["exit_event"]["exit_code"], &request["exit_event"]["restarting"]),
        (&json!(7), &json!(true))
    );
    story.boots(2);
    assert_eq!((story.state(), story.puts_off()), (State::Started, vec![]));
    assert_eq!(story.fired(), 1);
}

#[test]
fn a_crash_loop_ends_where_the_restart_policy_does() {
    let mut launch = v1();
    launch["config"]["restart"] = json!({ "policy": "on-failure", "max_retries": 2 });
    let mut story = Story::faulty("boot=crash", launch);
    for boot in 1..=3 {
        story.boots(boot);
        story.puts_off();
        story.note(super::Fact::Exited {
            boot,
            exit: super::Exit { signal: Some(9), ..super::Exit::default() },
        });
    }
    assert_eq!((story.state(), story.fired()), (State::Stopped, 3));
}

#[test]
fn an_end_for_want_of_memory_is_told_as_such_and_an_asked_one_is_not() {
    let mut story = Story::faulty("boot=oom:2s", v1());
    story.boots(1);
    story.puts_off();
    story.exits(1, 0);
    let exit = story.last_event().request["exit_event"].clone();
    assert_eq!(
        (&exit["oom_killed"], &exit["exit_code"], &exit["guest_signal"]),
        (&json!(true), &json!(137), &json!(9))
    );
    story.boots(2);
    story.ask(None, |world, target| world.stop(target, StopOrder::default())).unwrap();
    story.exits(2, 0);
    story.puts_off();
    let exit = story.last_event().request["exit_event"].clone();
    assert_eq!((&exit["oom_killed"], &exit["exit_code"]), (&json!(false), &json!(0)));
}

#[test]
fn checks_flap_or_never_pass_whatever_they_see() {
    let seen = |fault: &str| {
        let mut launch = v1();
        launch["config"]["checks"] = json!({ "up": { "type": "tcp", "port": 80 } });
        let mut story = Story::faulty(fault, launch);
        story.boots(1);
        let look = |_| {
            let (name, output) = ("up".to_owned(), "ok".to_owned());
            story.note(super::Fact::Checked { boot: 1, name, passing: true, output });
            story.world.host.now += 500;
            story.machine().checks[0].passing
        };
        (0..6).map(look).collect::<Vec<bool>>()
    };
    assert_eq!(seen("boot=flap:1s"), [true, true, false, false, true, true]);
    assert_eq!(seen("boot=unhealthy"), [false; 6]);
    assert_eq!(seen("boot@2=unhealthy"), [true; 6]);
}

#[test]
fn an_update_without_its_image_is_reverted_and_only_where_meant() {
    let mut story = Story::started(&config("v1"));
    story.inject("update[image=*:v2]=pull-fails");
    story.update(json!({ "config": config("v1") })).unwrap();
    assert_eq!(story.fired(), 0);
    story.exits(1, 0);
    story.boots(2);
    story.update(json!({ "config": config("v2") })).unwrap();
    story.lapses(Lapse::Revert);
    assert_eq!((story.state(), story.fired()), (State::Started, 1));
    assert_eq!(story.machine().config().image(), "shop:v1");
    let story = Story::faulty("create=pull-fails", v1());
    assert_eq!((story.machine().vm.is_none(), story.fired()), (true, 1));
}

#[test]
fn an_update_that_is_overtaken_by_autostop_ends_stopped_on_the_new_version() {
    let mut story = Story::started(&config("v1"));
    story.inject("update@1=autostop");
    story.update(json!({ "config": config("v2") })).unwrap();
    assert_eq!(story.state(), State::Replacing);
    story.exits(1, 0);
    assert_eq!((story.state(), story.machine().config().image()), (State::Stopped, "shop:v2"));
    assert_eq!(story.ask(None, World::start), Ok(State::Stopped));
}

#[test]
fn a_destruction_hangs_until_its_time_or_for_good() {
    for (fault, ends) in [("destroy=hangs:9s", true), ("destroy=hangs", false)] {
        let mut story = Story::started(&config("v1"));
        story.effects();
        story.inject(fault);
        story.ask(None, |world, target| world.destroy(target, Destroy::ByForce)).unwrap();
        story.exits(1, 0);
        assert_eq!(story.state(), State::Destroying);
        story.puts_off();
        assert_eq!(story.machine().is_destroyed(), ends, "{fault}");
    }
}

#[test]
fn the_proxy_is_not_told_of_an_uncordon_or_a_start_until_the_next_one() {
    let mut story = Story::started(&config("v1"));
    story.inject("uncordon@1=unseen");
    story.ask(None, World::cordon).unwrap();
    story.ask(None, World::uncordon).unwrap();
    assert!(!story.machine().cordoned && story.machine().route().cordoned);
    story.ask(None, World::uncordon).unwrap();
    assert!(story.machine().route().cordoned, "it was not cordoned: nothing is told");
    story.ask(None, World::cordon).unwrap();
    story.ask(None, World::uncordon).unwrap();
    assert!(!story.machine().route().cordoned);
    let mut launch = v1();
    launch["config"]["services"] = json!([{ "internal_port": 80 }]);
    let mut story = Story::faulty("boot@1=unseen", launch);
    let ports = || [(80, super::Address::Loopback(1))].into();
    story.note(super::Fact::Booted { boot: 1, pid: Some(1), ports: ports() });
    assert_eq!((story.state(), story.machine().route().address), (State::Started, None));
    story.ask(None, |world, target| world.restart(target, StopOrder::default())).unwrap();
    story.exits(1, 0);
    story.note(super::Fact::Booted { boot: 2, pid: Some(1), ports: ports() });
    assert!(story.machine().route().address.is_some());
}

#[test]
fn an_order_of_a_boot_that_never_was_is_not_given() {
    let mut story = Story::faulty("create=stuck", v1());
    story.ask(None, |world, target| world.destroy(target, Destroy::IfIdle)).unwrap();
    assert!(story.machine().is_destroyed());
    let orders = story.world.host.take_effects();
    assert!(!orders.iter().any(|it| matches!(it, Effect::Order { order: Order::Kill, .. })));
}
