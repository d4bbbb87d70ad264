//! What holds whatever happens: one lease at a time, no lost update, one history for one seed.

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::super::{LeaseAsk, World, lifecycle::State};
use super::{
    Lapse, Story, config,
    walk::{Life, steps},
};
use crate::clock::Millis;

/// What one of some clients does with a lease.
#[derive(Clone, Copy, Debug)]
enum Use {
    Acquire {
        ttl: u64,
    },
    Release,
    /// An action that the lease guards.
    Act,
    Wait {
        time: Millis,
    },
}

fn uses() -> impl Strategy<Value = Vec<(usize, Use)>> {
    let one = prop_oneof![
        3 => (1_u64..20).prop_map(|ttl| Use::Acquire { ttl }),
        1 => Just(Use::Release),
        3 => Just(Use::Act),
        1 => (1_i64..15_000).prop_map(|time| Use::Wait { time }),
        2 => (1_i64..15).prop_map(|seconds| Use::Wait { time: seconds * 1000 }),
    ];
    vec((0..3_usize, one), 0..60)
}

fn acquire(story: &mut Story, nonce: Option<&str>, ttl: u64) -> Result<String, String> {
    let ask = LeaseAsk { ttl: Some(ttl), description: String::new() };
    story.ask(nonce, |world, target| {
        let (machine, host) = world.touch(target)?;
        machine.acquire(ask, target.nonce, host)?;
        Ok(machine.lease(host.now).expect("just acquired").nonce.clone())
    })
}

fn release(story: &mut Story, nonce: Option<&str>) -> Result<(), String> {
    story.ask(nonce, |world, target| {
        let (machine, host) = world.touch(target)?;
        machine.release(target.nonce, host.now)
    })
}

/// One of several writers that count up together: what it read last.
#[derive(Clone, Debug, Default)]
struct Writer {
    read: Option<(String, u64)>,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    Read,
    Write,
    /// The update that is under way, if any, comes to its end.
    Settle,
}

fn turns() -> impl Strategy<Value = Vec<(usize, Turn)>> {
    let turn = prop_oneof![3 => Just(Turn::Read), 3 => Just(Turn::Write), 2 => Just(Turn::Settle)];
    vec((0..4_usize, turn), 0..120)
}

fn counting(count: u64) -> Value {
    let mut config = config("v1");
    config["env"] = json!({ "COUNT": count.to_string() });
    config
}

fn count(story: &Story) -> u64 {
    story.machine().config().strings("env").get("COUNT").map_or(0, |count| count.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_is_one_valid_lease_at_most_and_only_its_holder_acts(uses in uses()) {
        let mut story = Story::started(&config("v1"));
        let mut nonces: [Option<String>; 3] = Default::default();
        let mut holder: Option<(usize, Millis)> = None;
        for (client, what) in uses {
            let now = story.world.host.now;
            holder = holder.filter(|(_, until)| *until > now);
            let (nonce, free) = (nonces[client].clone(), holder.is_none());
            let own = holder.is_some_and(|(other, _)| other == client);
            match what {
                Use::Wait { time } => story.world.host.now += time,
                Use::Acquire { ttl } => {
                    let got = acquire(&mut story, nonce.as_deref(), ttl);
                    prop_assert_eq!(got.is_ok(), free || own, "{:?}", got);
                    if let Ok(got) = got {
                        prop_assert_eq!(nonce.as_ref() == Some(&got), own, "a new lease, a new nonce");
                        nonces[client] = Some(got);
                        holder = Some((client, now + i64::try_from(ttl * 1000).unwrap()));
                    }
                }
                Use::Release => {
                    let released = release(&mut story, nonce.as_deref());
                    prop_assert_eq!(released.is_ok(), own);
                    holder = holder.filter(|_| !own);
                }
                Use::Act => {
                    let acted = story.ask(nonce.as_deref(), World::cordon);
                    prop_assert_eq!(acted.is_ok(), free || own);
                }
            }
            let valid = story.machine().lease(story.world.host.now);
            let valid = valid.map(|lease| (Some(lease.nonce.clone()), lease.expires_at));
            let now = story.world.host.now;
            let wanted = holder.filter(|(_, until)| *until > now);
            prop_assert_eq!(valid, wanted.map(|(client, until)| (nonces[client].clone(), until)));
        }
    }

    #[test]
    fn no_update_is_lost_among_writers_that_name_the_version(turns in turns()) {
        let mut story = Story::with(json!({ "config": counting(0), "skip_launch": true }));
        story.lapses(Lapse::Settle);
        let mut writers: [Writer; 4] = Default::default();
        let mut written = 0;
        for (writer, turn) in turns {
            match turn {
                Turn::Read => {
                    let version = story.machine().version().id.clone();
                    writers[writer].read = Some((version, count(&story)));
                }
                Turn::Write => {
                    let Some((version, count)) = writers[writer].read.take() else { continue };
                    let body = json!({ "config": counting(count + 1), "current_version": version });
                    match story.update(body) {
                        Ok(()) => written += 1,
                        Err(refusal) => prop_assert!(refusal.starts_with("409"), "{}", refusal),
                    }
                }
                Turn::Settle if story.state() == State::Replacing => story.lapses(Lapse::Install),
                Turn::Settle => {}
            }
            prop_assert_eq!(count(&story), written);
        }
        let ids: Vec<_> = story.machine().versions.iter().map(|it| it.id.clone()).collect();
        prop_assert!(ids.is_sorted_by(|old, new| old < new));
    }

    #[test]
    fn one_seed_has_one_history(steps in steps(), seed in any::<u64>()) {
        let history = |seed| {
            let mut life = Life::begin(seed, false, &["boot%0.5=crash", "update%0.5=pull-fails"]);
            for step in &steps {
                life.take(step);
            }
            format!("{:?}", life.story.world)
        };
        prop_assert_eq!(history(seed), history(seed));
        prop_assert_ne!(history(seed), history(seed.wrapping_add(1)));
    }
}
