//! What the world asks of the outside, as values: processes to start and stop, time to let pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use serde_json::Value;

use super::{
    check::CheckSpec,
    fact::{Fact, Lapse},
    secret::Vault,
};
use crate::{
    clock::Millis,
    faults::Catalogue,
    ids::Ids,
    image::{Image, Reference, Registry},
};

/// Names a machine for good.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MachineKey {
    pub(crate) app: String,
    pub(crate) machine: String,
}

/// Something that has to be done after the world changed.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Start a process.
    Boot(Box<Boot>),
    /// Tell the process of this boot something.
    Order { boot: u64, order: Order },
    /// Come back with this fact when the boot time has passed.
    Later { key: MachineKey, serial: u64, lapse: Lapse },
    /// Come back with this fact when this time has passed.
    After { key: MachineKey, time: Duration, fact: Box<Fact> },
}

/// All that is needed to start the process of a machine once.
#[derive(Clone)]
pub(crate) struct Boot {
    pub(crate) key: MachineKey,
    /// Counts all boots of this simulator; facts carry it, so that late ones are recognised.
    pub(crate) number: u64,
    pub(crate) image: Box<Image>,
    /// What is run, if the image does not run inside the simulator.
    pub(crate) command: Vec<String>,
    /// What the configuration allows it, in MiB.
    pub(crate) memory_mb: u64,
    /// Complete but for the ports, which are known when the process starts.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) internal_ports: Vec<u16>,
    pub(crate) checks: Vec<CheckSpec>,
}

impl fmt::Debug for Boot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Boot")
            .field("key", &self.key)
            .field("number", &self.number)
            .field("command", &self.command)
            .finish_non_exhaustive() // the environment holds secrets
    }
}

/// What a running process can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Send the signal to the main process, and kill the whole group after the grace time.
    Stop {
        signal: i32,
        grace: Duration,
    },
    /// Send the signal and leave it at that.
    Signal(i32),
    /// Send the signal to the whole group: stands still, or goes on.
    SignalAll(i32),
    Kill,
}

/// What all machines share: time, names, images, and the list of effects.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) now: Millis,
    pub(crate) ids: Ids,
    pub(crate) registry: Registry,
    /// Who every lease belongs to, as conflicts name them.
    pub(crate) owner: String,
    /// The secrets of each app that has any.
    pub(crate) vaults: BTreeMap<String, Vault>,
    pub(crate) faults: Catalogue,
    effects: Vec<Effect>,
    /// Machines that may have changed since the last look.
    touched: BTreeSet<MachineKey>,
    boots: u64,
}

impl Host {
    pub(crate) fn new(mut ids: Ids, now: Millis) -> Self {
        let owner = format!("{}@tokens.fly.io", &ids.nonce()[..12]);
        Self {
            now,
            ids,
            registry: Registry::default(),
            owner,
            faults: Catalogue::default(),
            effects: Vec::new(),
            touched: BTreeSet::new(),
            vaults: BTreeMap::new(),
            boots: 0,
        }
    }

    pub(crate) fn ulid(&mut self) -> String {
        self.ids.ulid(self.now)
    }

    /// What the image of a configuration means now.
    pub(crate) fn resolve(&self, config: &Value) -> Reference {
        self.registry.resolve(super::config::Config(config).image())
    }

    pub(crate) fn next_boot(&mut self) -> u64 {
        self.boots += 1;
        self.boots
    }

    pub(crate) fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(crate) fn order(&mut self, boot: u64, order: Order) {
        self.ask(Effect::Order { boot, order });
    }

    /// Has to be called for every machine that may have changed: what is not touched is neither
    /// told to the proxy nor to those who wait.
    pub(crate) fn touch(&mut self, key: MachineKey) {
        self.touched.insert(key);
    }

    pub(crate) fn take_touched(&mut self) -> BTreeSet<MachineKey> {
        std::mem::take(&mut self.touched)
    }

    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
