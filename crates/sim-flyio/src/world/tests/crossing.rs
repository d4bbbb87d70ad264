//! Two things at once, each of which is simple alone.

use serde_json::json;

use super::super::{
    Effect, Lapse, Order, Page, ReleaseRequest, StopOrder, World, lifecycle::State,
    volume::NewVolume,
};
use super::{Story, config};

fn meets(story: &mut Story, fault: &str) {
    story.inject(fault);
    let path = format!("/v1/apps/shop/machines/{}", story.id);
    let call = crate::ApiRequest {
        seq: 1,
        method: "GET".to_owned(),
        path,
        query: String::new(),
        body: None,
        phase: crate::Phase::Before,
        status: None,
    };
    story.world.foresee(&call);
}

fn told_to_die(story: &mut Story) -> bool {
    let effects = story.world.host.take_effects();
    effects.iter().any(|effect| matches!(effect, Effect::Order { order: Order::Kill, .. }))
}

#[test]
fn a_machine_that_waits_for_secrets_on_a_host_that_is_cut_off_boots_when_the_host_is_back() {
    let mut story = Story::with(json!({ "config": config("v1"), "min_secrets_version": 1 }));
    meets(&mut story, "get@1=host-unreachable:10s");
    let values = serde_json::from_value(json!({ "A": "1" })).unwrap();
    story.world.write_secrets("shop", values).unwrap();
    assert!(story.machine().vm.is_none(), "nobody can tell its host");
    story.puts_off();
    assert_eq!(story.effects(), ["boot 1 of v1"]);
    story.boots(1);
    assert_eq!(story.state(), State::Started);
}

#[test]
fn an_app_is_deleted_with_the_machines_of_hosts_that_are_cut_off() {
    let mut story = Story::started(&config("v1"));
    meets(&mut story, "get@1=host-unreachable");
    story.effects();
    story.world.delete_app("shop").unwrap();
    assert!(told_to_die(&mut story));
    story.exits(1, 0);
    assert_eq!(story.state(), State::Destroyed);
    story.world.create_app("shop").unwrap();
}

#[test]
fn nothing_of_a_deleted_app_is_found_in_the_next_one_of_its_name() {
    let mut story = Story::empty();
    let release = || {
        let ask = json!({ "app_name": "shop", "image": "x", "strategy": "ROLLING" });
        serde_json::from_value::<ReleaseRequest>(ask).unwrap()
    };
    let version = |story: &mut Story| story.world.create_release(release()).unwrap().version;
    assert_eq!((version(&mut story), version(&mut story)), (1, 2));
    story.world.create_app("other").unwrap();
    story.world.delete_app("shop").unwrap();
    assert!(!story.world.apps.contains_key("shop"), "it had no machines to wait for");
    let number = story.world.create_app("shop").unwrap().number;
    assert_ne!(number, story.world.apps["other"].number);
    assert_eq!(version(&mut story), 1);
}

#[test]
fn a_deleted_app_is_forgotten_with_its_last_machine() {
    let mut story = Story::started(&config("v1"));
    story.world.delete_app("shop").unwrap();
    story.exits(1, 0);
    story.world.changed();
    story.world.host.now += super::super::RETENTION;
    story.world.changed();
    assert!(story.world.apps.is_empty());
}

#[test]
fn a_host_that_is_cut_off_shows_no_configuration_and_runs_nothing() {
    let mut story = Story::started(&config("v1"));
    let version = story.machine().version().id.clone();
    meets(&mut story, "get@1=host-unreachable");
    let shown = story.machine().json_of(Some(&version)).unwrap();
    assert!(shown.get("config").is_none() && shown["incomplete_config"].is_object(), "{shown}");
    let refused = story.ask(None, |world, target| world.running_and_held(target)).unwrap_err();
    assert!(refused.starts_with("408 "), "{refused}");
    assert!(story.ask(None, |world, target| world.running(target)).is_err());
    let query = super::super::OrgQuery::read(&[], 0).unwrap();
    let all = story.world.org_machines("personal", &query).unwrap();
    assert!(all["machines"][0].get("config").is_none(), "{all}");
}

#[test]
fn a_crash_loop_of_days_keeps_only_the_events_that_can_be_asked_for() {
    let mut always = config("v1");
    always["restart"] = json!({ "policy": "always" });
    let mut story = Story::started(&always);
    for boot in 1..500 {
        story.exits(boot, 1);
        story.boots(boot + 1);
        story.world.host.now += 60_000;
    }
    assert!(story.machine().events.len() <= 64, "{}", story.machine().events.len());
    assert!(story.machine().restarts.len() <= 6);
    let shown = story.machine().events_json(Some("50")).unwrap();
    assert_eq!(shown.as_array().unwrap().len(), 50);
}

#[test]
fn volumes_that_nobody_can_see_any_more_are_forgotten() {
    let mut story = Story::empty();
    for _ in 0..10 {
        let ask: NewVolume = serde_json::from_value(json!({ "name": "data" })).unwrap();
        let volume = story.world.create_volume("shop", ask).unwrap();
        story.world.delete_volume("shop", volume["id"].as_str().unwrap()).unwrap();
        story.world.host.now += 25 * 60 * 60 * 1000;
    }
    assert!(story.world.apps["shop"].volumes.len() <= 1);
}

#[test]
fn no_call_sends_the_signal_that_only_configurations_may_name() {
    let mut story = Story::started(&config("v1"));
    let stop = json!("SIGSTOP");
    assert_eq!(StopOrder::read(&stop, &json!(null)).unwrap_err().status, 400);
    let refused = story.ask(None, |world, target| world.signal(target, &stop)).unwrap_err();
    assert!(refused.starts_with("400 "), "{refused}");
    let mut named = config("v1");
    named["stop_config"] = json!({ "signal": "SIGSTOP" });
    story.update(json!({ "config": named })).unwrap();
}

#[test]
fn a_name_and_a_region_that_are_empty_are_not_said_at_all() {
    let mut story = Story::with(json!({ "config": config("v1"), "name": "", "region": "" }));
    assert!(story.machine().name.starts_with("sim-"));
    story.boots(1);
    story.update(json!({ "config": config("v2"), "name": "", "region": "" })).unwrap();
}

#[test]
fn absurd_numbers_are_taken_or_refused_and_never_the_end() {
    let endless = "18000000000000000000s".repeat(2);
    let mut lazy = config("v1");
    lazy["checks"] = json!({ "a": { "type": "tcp", "port": 1, "grace_period": endless } });
    let refused = super::super::config::Config(&lazy).validate().unwrap_err();
    assert_eq!(refused.status, 400);
    for cursor in ["-7fffffffffffffff.a", "7fffffffffffffff.a", "-8000000000000000.a"] {
        let query = [("cursor".to_owned(), cursor.to_owned())];
        let refused = Page::read(&query, 1_786_701_400_000).unwrap_err();
        assert_eq!(refused.status, 400, "{cursor}");
    }
    let mut story = Story::started(&config("v1"));
    let slow = "get=slow:18000000000000000000s";
    meets(&mut story, slow);
    meets(&mut story, slow);
    let launch = json!({ "config": config("v1"), "lease_ttl": u64::MAX });
    story.update(launch).unwrap();
    assert!(story.ask(None, World::cordon).is_err(), "it is held for good");
}

#[test]
fn a_new_version_is_not_blamed_for_the_crashes_of_the_old_one() {
    let mut twice = config("v1");
    twice["restart"] = json!({ "policy": "on-failure", "max_retries": 2 });
    let mut story = Story::started(&twice);
    for boot in 1..3 {
        story.exits(boot, 1);
        story.boots(boot + 1);
    }
    twice["image"] = json!("shop:v2");
    story.update(json!({ "config": twice })).unwrap();
    story.exits(3, 0);
    story.boots(4);
    story.exits(4, 1);
    assert_eq!(story.state(), State::Starting, "it has two tries of its own");
    assert_eq!(story.last_event().request["restart_count"], 1);
}

#[test]
fn a_program_that_ends_while_its_update_fails_is_restarted_only_as_its_policy_says() {
    for (policy, wanted) in [("no", State::Stopped), ("on-failure", State::Starting)] {
        let mut config = config("v1");
        config["restart"] = json!({ "policy": policy });
        let mut story = Story::started(&config);
        story.update(json!({ "config": { "image": "shop:gone" } })).unwrap();
        story.exits(1, 1);
        story.lapses(Lapse::Revert);
        assert_eq!(story.state(), wanted, "{policy}");
    }
}
