//! Random lives: whatever is asked of a machine, whatever its processes do, and whatever faults
//! befall it, no step is illegal, versions only grow, and without faults the machine never hangs
//! between two states.

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};

use super::super::{
    Destroy, Effect, Exit, Fact, Order, StopOrder, World, fact::Lapse, lifecycle::State,
};
use super::{Story, config};
use crate::{dice::Dice, ids::Ids};

/// What the outside still owes the world.
#[derive(Clone, Debug)]
enum Due {
    Process { boot: u64, runs: bool, told: bool },
    Lapse { serial: u64, lapse: Lapse },
    Fact(Fact),
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Update {
        tag: &'static str,
        skip_launch: bool,
    },
    Start,
    Stop,
    Restart,
    Suspend,
    Cordon,
    Uncordon,
    Destroy(Destroy),
    /// The outside does something that it owes; on a bad day, it fails.
    Pay {
        which: Index,
        bad_day: bool,
    },
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tag = prop_oneof![Just("v1"), Just("v2"), Just("gone")];
    let update = (tag, any::<bool>());
    let pay = (any::<Index>(), proptest::bool::weighted(0.15));
    let step = prop_oneof![
        4 => update.prop_map(|(tag, skip_launch)| Step::Update { tag, skip_launch }),
        2 => Just(Step::Start),
        2 => Just(Step::Stop),
        2 => Just(Step::Restart),
        2 => Just(Step::Suspend),
        1 => Just(Step::Cordon),
        1 => Just(Step::Uncordon),
        1 => Just(Step::Destroy(Destroy::IfIdle)),
        1 => Just(Step::Destroy(Destroy::ByForce)),
        12 => pay.prop_map(|(which, bad_day)| Step::Pay { which, bad_day }),
    ];
    vec(step, 0..60)
}

/// Every step from state to state that the platform documents.
const LEGAL: [(State, &[State]); 12] = {
    use State as S;
    [
        (S::Created, &[S::Starting, S::Stopping, S::Stopped, S::Replacing, S::Destroying]),
        (S::Starting, &[S::Started, S::Failed, S::Stopping, S::Replacing, S::Destroying]),
        (
            S::Started,
            &[
                S::Stopping,
                S::Starting,
                S::Stopped,
                S::Restarting,
                S::Suspending,
                S::Replacing,
                S::Destroying,
            ],
        ),
        (S::Stopping, &[S::Stopped, S::Failed, S::Destroying]),
        (S::Stopped, &[S::Starting, S::Replacing, S::Destroying]),
        (S::Suspending, &[S::Suspended, S::Destroying]),
        (S::Suspended, &[S::Starting, S::Stopping, S::Replacing, S::Destroying]),
        (S::Restarting, &[S::Starting, S::Stopping, S::Destroying]),
        (
            S::Replacing,
            &[
                S::Starting,
                S::Started,
                S::Stopped,
                S::Created,
                S::Suspended,
                S::Failed,
                S::Destroying,
            ],
        ),
        (S::Failed, &[S::Starting, S::Stopping, S::Replacing, S::Destroying]),
        (S::Destroying, &[S::Destroyed]),
        (S::Destroyed, &[]),
    ]
};

/// The states that a machine may pass through at once, as when there is no process to wait for.
const PASSING: [State; 4] =
    [State::Stopping, State::Destroying, State::Suspending, State::Starting];

fn is_step(from: State, to: State) -> bool {
    LEGAL.iter().any(|(state, next)| *state == from && next.contains(&to))
}

/// Whether one call or fact may lead from one state to another.
fn leads_to(from: State, to: State) -> bool {
    let passes = |by: &State| is_step(from, *by) && is_step(*by, to);
    from == to || is_step(from, to) || PASSING.iter().any(passes)
}

pub(super) struct Life {
    pub(super) story: Story,
    due: Vec<Due>,
}

impl Life {
    /// Begins with one machine; its ids follow from the seed.
    pub(super) fn begin(seed: u64, skip_launch: bool, faults: &[&str]) -> Self {
        let mut story = Story::seeded(Ids::new(Dice::new(Some(seed), 0)));
        for fault in faults {
            story.world.host.faults.inject(fault.parse().unwrap());
        }
        let launch = json!({ "config": with_policy("v1"), "skip_launch": skip_launch });
        let launch = serde_json::from_value(launch).unwrap();
        story.id = story.world.create("shop", launch).unwrap();
        let mut life = Self { story, due: Vec::new() };
        life.collect();
        life
    }

    /// Takes over what the world asked for.
    fn collect(&mut self) {
        for effect in self.story.world.host.take_effects() {
            match effect {
                Effect::Boot(boot) => {
                    self.due.push(Due::Process { boot: boot.number, runs: false, told: false });
                }
                Effect::Later { serial, lapse, .. } => self.due.push(Due::Lapse { serial, lapse }),
                Effect::After { fact, .. } => self.due.push(Due::Fact(*fact)),
                Effect::Order { boot, order: Order::Stop { .. } | Order::Kill } => self.tell(boot),
                Effect::Order { .. } => {}
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

    /// Something happens; refusals are as good as consent.
    pub(super) fn take(&mut self, step: &Step) {
        let before = self.story.state();
        self.story.world.host.now += 10;
        let (story, order) = (&mut self.story, StopOrder::default());
        let _ = match *step {
            Step::Update { tag, skip_launch } => {
                story.update(json!({ "config": with_policy(tag), "skip_launch": skip_launch }))
            }
            Step::Start => story.ask(None, World::start).map(|_| ()),
            Step::Stop => story.ask(None, |world, target| world.stop(target, order)),
            Step::Restart => story.ask(None, |world, target| world.restart(target, order)),
            Step::Suspend => story.ask(None, World::suspend),
            Step::Cordon => story.ask(None, World::cordon),
            Step::Uncordon => story.ask(None, World::uncordon),
            Step::Destroy(how) => story.ask(None, |world, target| world.destroy(target, how)),
            Step::Pay { which, bad_day } => {
                if !self.due.is_empty() {
                    self.pay(which.index(self.due.len()), bad_day);
                }
                Ok(())
            }
        };
        self.collect();
        let after = self.story.state();
        assert!(leads_to(before, after), "{before:?} to {after:?} by {step:?}");
        let ids = self.story.machine().versions.iter().map(|version| &version.id);
        assert!(ids.is_sorted_by(|old, new| old < new), "versions strictly grow");
    }

    /// The outside pays one thing that it owes.
    fn pay(&mut self, place: usize, bad_day: bool) {
        let fact = match self.due.remove(place) {
            Due::Fact(fact) => fact,
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
            Due::Process { boot, told, .. } => Fact::Exited {
                boot,
                exit: Exit { code: Some(i32::from(!told)), ..Exit::default() },
            },
        };
        self.story.note(fact);
        self.collect();
    }

    /// The outside pays all that it owes but the ends of processes that nobody asked for.
    fn settle(&mut self) {
        let waits = |due: &Due| matches!(due, Due::Process { runs: true, told: false, .. });
        for _ in 0..1000 {
            let Some(place) = self.due.iter().position(|due| !waits(due)) else { return };
            self.pay(place, false);
        }
        panic!("it goes on for ever");
    }
}

fn with_policy(tag: &str) -> Value {
    let mut config = config(tag);
    config["restart"] = json!({ "policy": "on-failure", "max_retries": 3 });
    config
}

/// One of each fault that befalls machines, and some luck.
const FAULTS: [&str; 12] = [
    "create%0.2=stuck",
    "create%0.2=pull-fails",
    "boot%0.3=crash:1s",
    "boot%0.3=oom",
    "boot%0.2=flap:1s",
    "boot%0.2=unseen",
    "boot%0.2=host-unreachable:1s",
    "uncordon%0.5=unseen",
    "update%0.3=pull-fails",
    "update%0.3=autostop",
    "destroy%0.3=hangs:1s",
    "destroy%0.1=hangs",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_life_takes_an_illegal_step_or_hangs_between_two_states(
        steps in steps(),
        seed in any::<u64>(),
        skip_launch in any::<bool>(),
    ) {
        let mut life = Life::begin(seed, skip_launch, &[]);
        for step in &steps {
            life.take(step);
        }
        life.settle();
        let machine = life.story.machine();
        prop_assert!(machine.state.is_settled(), "hangs in {:?}", machine.state);
        let runs = life.due.iter().any(|due| matches!(due, Due::Process { .. }));
        match machine.state {
            State::Started => prop_assert!(runs, "started without a process"),
            State::Suspended => {} // one whose process was killed meanwhile boots anew
            idle => prop_assert!(!runs, "a process of a machine that is {:?}", idle),
        }
    }

    #[test]
    fn no_fault_whatever_makes_a_step_illegal(
        steps in steps(),
        seed in any::<u64>(),
        skip_launch in any::<bool>(),
    ) {
        let mut life = Life::begin(seed, skip_launch, &FAULTS);
        for step in &steps {
            life.take(step);
        }
        life.settle();
    }
}
