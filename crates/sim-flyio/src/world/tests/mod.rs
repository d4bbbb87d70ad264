//! Rules of the world, told as short stories. The outside is played by the tests: they say what
//! processes do, and how time passes.

mod autostop;
mod boot;
mod crossing;
mod exit;
mod fault;
mod ip;
mod lease;
mod mark;
mod properties;
mod release;
mod secret;
mod update;
mod volume;
mod walk;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{lifecycle::State, *};
use crate::{dice::Dice, ids::Ids, image::Image};

/// A world with one app and two images, one of which cannot be pulled.
struct Story {
    world: World,
    id: String,
}

impl Story {
    /// Begins with one machine, created as `launch` says.
    fn with(launch: Value) -> Self {
        let mut story = Self::empty();
        let launch: MachineRequest = serde_json::from_value(launch).unwrap();
        story.id = story.world.create("shop", launch).unwrap();
        story
    }

    /// Begins without a machine.
    fn empty() -> Self {
        Self::seeded(Ids::new(Dice::new(Some(1), 0)))
    }

    fn seeded(ids: Ids) -> Self {
        let mut world = World::new(Host::new(ids, 1_786_701_400_000));
        world.create_app("shop").unwrap();
        for (tag, pullable) in [("v1", true), ("v2", true), ("gone", false)] {
            let image = Image::new(format!("shop:{tag}"), [tag]);
            world.host.registry.add(Image { pullable, ..image });
        }
        Self { world, id: String::new() }
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
        self.note(Fact::Booted { boot, pid: Some(100), ports: BTreeMap::new() });
    }

    fn exits(&mut self, boot: u64, code: i32) {
        self.note(Fact::Exited { boot, exit: Exit { code: Some(code), ..Exit::default() } });
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
            Effect::After { time, fact, .. } => format!("after {time:?} {fact:?}"),
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
