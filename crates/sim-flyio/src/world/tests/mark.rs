//! Marks that faults at calls leave on machines, and what later calls see of them.

use std::time::Duration;

use super::super::{LeaseAsk, World};
use super::{Story, config, fault::v1};
use crate::{
    ApiRequest, Phase,
    faults::{Answer, Stop},
};

impl Story {
    /// The call to do `action` with the machine; the status it is answered with before its effect.
    fn meets(&mut self, method: &str, action: &str) -> Option<u16> {
        let call = ApiRequest {
            seq: 1,
            method: method.to_owned(),
            path: format!("/v1/apps/shop/machines/{}{action}", self.id),
            query: String::new(),
            body: None,
            phase: Phase::Before,
            status: None,
        };
        match self.world.foresee(&call).stop? {
            Stop::Answer(Answer::Json(status, _) | Answer::Html(status, _)) => Some(status),
            Stop::Reset => None,
        }
    }
}

fn acquire(story: &mut Story) -> Result<String, String> {
    let ask = LeaseAsk { ttl: Some(60), description: String::new() };
    story.ask(None, |world, target| {
        let (machine, host) = world.touch(target)?;
        machine.acquire(ask, target.nonce, host)?;
        Ok(machine.lease(host.now).expect("just acquired").nonce.clone())
    })
}

#[test]
fn a_host_that_is_cut_off_shows_no_configuration_and_does_nothing_in_time() {
    let mut story = Story::started(&config("v1"));
    story.effects();
    story.inject("get@2=host-unreachable:10s");
    assert_eq!((story.meets("GET", ""), story.fired()), (None, 0));
    assert_eq!((story.meets("GET", ""), story.fired()), (None, 1));
    let shown = story.machine().to_json();
    assert_eq!(shown["host_status"], "unreachable");
    assert!(shown.get("config").is_none() && shown["incomplete_config"]["image"] == "shop:v1");
    let refusal = story.ask(None, World::cordon).unwrap_err();
    assert!(
        refusal.starts_with("408 deadline_exceeded: no answer from the host of machine "),
        "{refusal}"
    );
    story.puts_off();
    assert_eq!(story.machine().to_json()["host_status"], "ok");
    assert_eq!(story.ask(None, World::cordon), Ok(()));
}

#[test]
fn a_lease_can_be_lost_at_once_or_later_or_to_a_stranger() {
    let mut story = Story::started(&config("v1"));
    story.effects();
    story.inject("start@1=lease-lost");
    let nonce = acquire(&mut story).unwrap();
    story.meets("POST", "/start");
    assert_eq!(story.ask(Some("nobody"), World::cordon), Ok(()), "no lease is active");
    story.inject("lease=lease-lost:2s");
    let again = acquire(&mut story).unwrap();
    let path = format!("/v1/apps/shop/machines/{}/lease", story.id);
    story.world.lose_lease_later(&path, Duration::from_secs(2));
    assert!(story.ask(Some(&nonce), World::cordon).is_err());
    story.puts_off();
    assert_eq!(story.ask(Some(&nonce), World::cordon), Ok(()));
    assert_ne!(nonce, again);
    story.inject("stop@1=409-lease:30s");
    let mine = acquire(&mut story).unwrap();
    story.meets("POST", "/stop");
    let refusal = story.ask(Some(&mine), World::cordon).unwrap_err();
    assert!(
        refusal.starts_with("409 aborted: machine ID ")
            && !refusal.contains(&story.world.host.owner),
        "{refusal}"
    );
    story.world.host.now += 30_000;
    assert_eq!(story.ask(Some(&mine), World::cordon), Ok(()));
}

#[test]
fn a_new_machine_is_not_found_so_often_or_so_long() {
    let mut story = Story::faulty("create@1=lag:2", v1());
    let answers: Vec<_> = (0..3).map(|_| story.meets("GET", "")).collect();
    assert_eq!((answers, story.fired()), (vec![Some(404), Some(404), None], 1));
    let mut story = Story::faulty("create=lag:2s", v1());
    assert_eq!(story.meets("POST", "/lease"), Some(404));
    story.world.host.now += 2000;
    assert_eq!(story.meets("POST", "/lease"), None);
}

#[test]
fn the_world_is_remembered_as_far_back_as_a_fault_looks() {
    let mut story = Story::started(&config("v1"));
    story.inject("get=stale:5s");
    story.world.remember();
    let began = story.world.host.now;
    for _ in 0..20 {
        story.world.host.now += 1000;
        story.world.remember();
        let value = story.world.host.now.to_string().into();
        story.ask(None, |world, target| world.set_metadata(target, "at", value)).unwrap();
    }
    let now = story.world.host.now;
    let id = story.id.clone();
    let mut at = |at: i64| {
        let then = story.world.rewound(at);
        let metadata = then.apps["shop"].machines[&id].config().strings("metadata");
        metadata.get("at").and_then(|at| at.parse::<i64>().ok())
    };
    assert_eq!(at(now), Some(now));
    assert_eq!(at(now - 1), Some(now - 1000));
    assert_eq!(at(now - 4500), Some(now - 5000));
    assert_eq!(at(began), Some(now - 6000), "no further back than needed");
    assert_eq!(at(now), Some(now), "and the present is back");
}
