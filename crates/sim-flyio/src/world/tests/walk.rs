//! Thousands of random lives: whatever is asked of a machine, and whatever its processes do, no
//! step is illegal, versions only grow, and the machine never hangs between two states.

use serde_json::{Value, json};

use super::super::{
    Destroy, Effect, Exit, Fact, Order, StopOrder, World, fact::Lapse, lifecycle::State,
};
use super::{Story, config};

/// What the outside still owes the world.
#[derive(Clone, Copy, Debug)]
enum Due {
    Process { boot: u64, runs: bool, told: bool },
    Lapse { serial: u64, lapse: Lapse },
}

struct Life {
    story: Story,
    due: Vec<Due>,
    dice: u64,
}

impl Life {
    /// A number below `sides`; the same for the same seed (Knuth's MMIX generator).
    fn roll(&mut self, sides: usize) -> usize {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.dice >> 33).unwrap() % sides
    }

    /// Takes over what the world asked for.
    fn collect(&mut self) {
        for effect in self.story.world.host.take_effects() {
            match effect {
                Effect::Boot(boot) => {
                    self.due.push(Due::Process { boot: boot.number, runs: false, told: false });
                }
                Effect::Later { serial, lapse, .. } => self.due.push(Due::Lapse { serial, lapse }),
                Effect::Order { boot, order: Order::Stop { .. } | Order::Kill } => self.tell(boot),
                Effect::Order { .. } | Effect::After { .. } => {}
            }
        }
    }

    fn tell(&mut self, number: u64) {
        for due in &mut self.due {
            if let Due::Process { boot, told, .. } = due {
                *told |= *boot == number;
            }
        }
    }

    /// Something is asked of the machine; refusals are as good as consent.
    fn ask(&mut self) {
        let launch =
            |tag: &str, skip: bool| json!({ "config": with_policy(tag), "skip_launch": skip });
        let (tag, skip) = (["v1", "v2", "gone"][self.roll(3)], self.roll(4) == 0);
        let story = &mut self.story;
        let stop = StopOrder::default();
        let _ = match self.dice >> 40 & 15 {
            0..=4 => story.update(launch(tag, skip)),
            5 | 6 => story.ask(None, World::start).map(|_| ()),
            7 | 8 => story.ask(None, |world, target| world.stop(target, stop)),
            9 | 10 => story.ask(None, |world, target| world.restart(target, stop)),
            11 | 12 => story.ask(None, World::suspend),
            13 => story.ask(None, World::cordon),
            14 => story.ask(None, |world, target| world.destroy(target, Destroy::IfIdle)),
            _ if skip => story.ask(None, |world, target| world.destroy(target, Destroy::ByForce)),
            _ => Ok(()),
        };
        self.collect();
    }

    /// The outside pays what it owes: the first thing that can happen, from a random place on.
    /// `at_will`: processes may also crash and fail to start.
    fn pay(&mut self, at_will: bool) -> bool {
        let (bad_day, count) = (at_will && self.roll(8) == 0, self.due.len());
        let start = self.roll(count.max(1));
        let mut places = (0..count).map(|at| (at + start) % count);
        let waits = |due: &Due| matches!(due, Due::Process { runs: true, told: false, .. });
        let Some(place) = places.find(|at| at_will || !waits(&self.due[*at])) else {
            return false;
        };
        let fact = match self.due.remove(place) {
            Due::Lapse { serial, lapse } => Fact::Lapsed { serial, lapse },
            Due::Process { boot, runs: false, told: true } => {
                Fact::Exited { boot, exit: Exit::default() }
            }
            Due::Process { boot, runs: false, .. } if bad_day => {
                Fact::NotBooted { boot, why: "a bad day".into() }
            }
            Due::Process { boot, runs: false, .. } => {
                self.due.push(Due::Process { boot, runs: true, told: false });
                Fact::Booted { boot, pid: Some(1), ports: [].into() }
            }
            Due::Process { boot, told, .. } => {
                Fact::Exited { boot, exit: Exit { code: Some(i32::from(!told)), signal: None } }
            }
        };
        self.story.note(fact);
        self.collect();
        true
    }
}

fn with_policy(tag: &str) -> Value {
    let mut config = config(tag);
    config["restart"] = json!({ "policy": "on-failure", "max_retries": 3 });
    config
}

#[test]
fn no_life_takes_an_illegal_step_or_hangs_between_two_states() {
    for seed in 0..1000 {
        let launch = json!({ "config": with_policy("v1"), "skip_launch": seed % 5 == 0 });
        let mut life = Life { story: Story::with(launch), due: Vec::new(), dice: seed };
        life.collect();
        for _ in 0..60 {
            life.story.world.host.now += 10;
            if life.roll(2) == 0 {
                life.ask();
            } else {
                life.pay(true);
            }
        }
        let most = 1000;
        let paid = (0..most).take_while(|_| life.pay(false)).count();
        assert!(paid < most, "seed {seed} goes on for ever");
        let machine = life.story.machine();
        assert!(machine.state.is_settled(), "seed {seed} hangs in {:?}", machine.state);
        let ids: Vec<&String> = machine.versions.iter().map(|version| &version.id).collect();
        assert!(ids.is_sorted(), "seed {seed}: {ids:?}");
        let runs = life.due.iter().any(|due| matches!(due, Due::Process { .. }));
        match machine.state {
            State::Started => assert!(runs, "seed {seed}: started without a process"),
            State::Suspended => {} // one whose process was killed meanwhile boots anew
            idle => assert!(!runs, "seed {seed}: a process of a machine that is {idle:?}"),
        }
    }
}
