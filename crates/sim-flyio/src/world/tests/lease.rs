//! Who may change a machine.

use super::super::{Destroy, LeaseAsk, World};
use super::{Story, config};

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
        assert_eq!(story.ask(wrong, World::cordon).unwrap_err(), conflict);
        assert_eq!(story.ask(wrong, |w, t| w.destroy(t, Destroy::ByForce)).unwrap_err(), conflict);
    }
    story.world.host.now += 10_000;
    let refreshed = acquire(&mut story, Some(&nonce), 13).unwrap();
    assert_eq!(refreshed["data"]["nonce"], nonce.as_str());
    assert_eq!(refreshed["data"]["expires_at"], lease["data"]["expires_at"].as_i64().unwrap() + 10);
    assert_eq!(story.ask(Some(&nonce), World::cordon), Ok(()));
    story.world.host.now += 13_000;
    assert_eq!(story.ask(Some("stale"), World::uncordon), Ok(()), "it has expired");
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
