//! Rules of the world, told as short stories. The outside is played by the tests: they say what
//! processes do, and how time passes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{fact::Lapse, lifecycle::State, *};
use crate::{ids::Ids, image::Image};

/// A world with one app and two images, one of which cannot be pulled.
struct Story {
    world: World,
    id: String,
}

impl Story {
    /// Begins with one machine, created as `launch` says.
    fn with(launch: Value) -> Self {
        let mut world = World::new(Host::new(Ids::random(), 1_786_701_400_000));
        world.create_app("shop").unwrap();
        for (tag, pullable) in [("v1", true), ("v2", true), ("gone", false)] {
            let (reference, command) = (format!("shop:{tag}"), vec![tag.to_owned()]);
            world.host.registry.add(Image { reference, command, env: BTreeMap::new(), pullable });
        }
        let launch: MachineRequest = serde_json::from_value(launch).unwrap();
        let id = world.create("shop", launch).unwrap();
        Self { world, id }
    }

    /// Begins with one started machine.
    fn started(config: &Value) -> Self {
        let mut story = Self::with(json!({ "config": config }));
        story.boots(1);
        assert_eq!(story.state(), State::Started);
        story
    }

    fn target<'a>(&'a self, nonce: Option<&'a str>) -> (String, Option<String>) {
        (self.id.clone(), nonce.map(str::to_owned))
    }

    /// Calls something of the world with this machine as its target.
    fn ask<T>(
        &mut self,
        nonce: Option<&str>,
        call: impl FnOnce(&mut World, Target<'_>) -> Result<T, Refusal>,
    ) -> Result<T, String> {
        let (machine, nonce) = self.target(nonce);
        let target = Target { app: "shop", machine: &machine, nonce: nonce.as_deref() };
        call(&mut self.world, target)
            .map_err(|refusal| format!("{} {}", refusal.status, refusal.error))
    }

    fn update(&mut self, launch: Value) -> Result<(), String> {
        let launch: MachineRequest = serde_json::from_value(launch).unwrap();
        self.ask(None, |world, target| world.update(target, launch))
    }

    fn machine(&self) -> &Machine {
        &self.world.apps["shop"].machines[&self.id]
    }

    fn state(&self) -> State {
        self.machine().state
    }

    fn note(&mut self, fact: Fact) {
        let key = MachineKey { app: "shop".into(), machine: self.id.clone() };
        self.world.note(&key, fact);
    }

    fn boots(&mut self, boot: u64) {
        self.note(Fact::Booted { boot, pid: 100, ports: BTreeMap::new() });
    }

    fn exits(&mut self, boot: u64, code: i32) {
        self.note(Fact::Exited { boot, exit: Exit { code: Some(code), signal: None } });
    }

    fn lapses(&mut self, lapse: Lapse) {
        let serial = self.machine().serial;
        self.note(Fact::Lapsed { serial, lapse });
    }

    /// The effects that were asked for since the last look, in words.
    fn effects(&mut self) -> Vec<String> {
        let effects = self.world.host.take_effects();
        let told = effects.iter().map(|effect| match effect {
            Effect::Boot(boot) => format!("boot {} of {}", boot.number, boot.command.join(" ")),
            Effect::Order { boot, order } => format!("tell {boot} to {order:?}"),
            Effect::Later { lapse, .. } => format!("later {lapse:?}"),
        });
        told.collect()
    }

    fn last_event(&self) -> &event::Event {
        self.machine().events.last().unwrap()
    }
}

fn config(tag: &str) -> Value {
    json!({ "image": format!("shop:{tag}") })
}

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
    story.world.forget();
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
        (State::Started, vec!["tell 1 to SignalAll(18)".into()])
    );
}

#[test]
fn one_holder_at_a_time_and_the_conflict_names_it() {
    let mut story = Story::started(&config("v1"));
    let acquire = |story: &mut Story, nonce: Option<&str>, ttl| {
        let ask = LeaseAsk { ttl: Some(ttl), description: "deploy".into() };
        story.ask(nonce, |world, target| {
            let (machine, host) = world.touch(target)?;
            machine.acquire(ask, target.nonce, host)?;
            machine.lease_json(host.now)
        })
    };
    let lease = acquire(&mut story, None, 13).unwrap();
    let nonce = lease["data"]["nonce"].as_str().unwrap().to_owned();
    let (id, owner) = (story.id.clone(), story.world.host.owner.clone());
    let conflict = format!(
        "409 aborted: machine ID {id} lease currently held by {owner}, expires at 2026-08-14T09:56:53Z"
    );
    for wrong in [None, Some("0123456789abcdef")] {
        assert_eq!(acquire(&mut story, wrong, 13).unwrap_err(), conflict);
        assert_eq!(story.ask(wrong, |w, t| w.cordon(t, true)).unwrap_err(), conflict);
        assert_eq!(story.ask(wrong, |w, t| w.destroy(t, Destroy::ByForce)).unwrap_err(), conflict);
    }
    story.world.host.now += 10_000;
    let refreshed = acquire(&mut story, Some(&nonce), 13).unwrap();
    assert_eq!(refreshed["data"]["nonce"], nonce.as_str());
    assert_eq!(refreshed["data"]["expires_at"], lease["data"]["expires_at"].as_i64().unwrap() + 10);
    assert_eq!(story.ask(Some(&nonce), |w, t| w.cordon(t, true)), Ok(()));
    story.world.host.now += 13_000;
    assert_eq!(story.ask(Some("stale"), |w, t| w.cordon(t, false)), Ok(()), "it has expired");
    assert_ne!(acquire(&mut story, Some(&nonce), 13).unwrap()["data"]["nonce"], nonce.as_str());
}

#[test]
fn a_lease_is_given_back_by_its_holder_only_and_only_once() {
    let mut story = Story::started(&config("v1"));
    let release = |story: &mut Story, nonce: Option<&str>| {
        story.ask(nonce, |world, target| {
            let (machine, host) = world.touch(target)?;
            machine.release(target.nonce, host.now)
        })
    };
    let none = format!("404 machine ID {} lease not found", story.id);
    assert_eq!(release(&mut story, None).unwrap_err(), none);
    story
        .ask(None, |world, target| {
            let (machine, host) = world.touch(target)?;
            machine.acquire(LeaseAsk::default(), None, host)
        })
        .unwrap();
    let nonce = story.machine().lease(story.world.host.now).unwrap().nonce.clone();
    assert!(release(&mut story, None).unwrap_err().starts_with("409"));
    assert_eq!(release(&mut story, Some(&nonce)), Ok(()));
    assert_eq!(release(&mut story, Some(&nonce)).unwrap_err(), none);
}

#[test]
fn the_environment_of_a_process_names_its_machine_and_the_image_has_the_last_place() {
    let mut with = config("v1");
    with["env"] = json!({ "A": "config", "FLY_REGION": "lie" });
    with["metadata"] = json!({ "fly_process_group": "worker" });
    let story = Story::started(&with);
    let image = [("A", "image"), ("B", "image")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let env = story.machine().environment(&image.into());
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
