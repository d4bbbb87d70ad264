//! All faults that are injected, and how often each struck.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Fault, FaultEffect, Occasion, Subject};
use crate::{clock::Millis, dice::Dice};

/// Names an injected fault; counts from 1 and is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FaultId(pub u64);

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What became of an injected fault so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultStatus {
    /// Names it.
    pub id: FaultId,
    /// As it is written.
    pub fault: String,
    /// How many calls or events came to its point, within its scope.
    pub met: u64,
    /// How many of them it struck.
    pub fired: u64,
}

/// A fault that struck a machine, for the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fired {
    pub(crate) fault: String,
    pub(crate) app: String,
    pub(crate) machine: String,
}

/// A call as faults see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meeting<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) subject: &'a Subject,
    /// Whether it names a machine that there is.
    pub(crate) has_machine: bool,
}

/// The faults of a simulator.
#[derive(Debug)]
pub(crate) struct Catalogue {
    seed: u64,
    injected: u64,
    entries: Vec<Entry>,
    fired: Vec<Fired>,
    names: Dice,
}

#[derive(Debug)]
struct Entry {
    id: FaultId,
    fault: Fault,
    met: u64,
    fired: u64,
    dice: Dice,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Catalogue {
    /// The chances of all faults follow from the seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            injected: 0,
            entries: Vec::new(),
            fired: Vec::new(),
            names: Dice::new(Some(seed), 0),
        }
    }

    pub(crate) fn inject(&mut self, fault: Fault) -> FaultId {
        self.injected += 1;
        let id = FaultId(self.injected);
        // A stream of its own: what other faults meet does not change the luck of this one.
        let dice = Dice::new(Some(self.seed), self.injected);
        self.entries.push(Entry { id, fault, met: 0, fired: 0, dice });
        id
    }

    /// Takes a fault away; false if there is none.
    pub(crate) fn remove(&mut self, id: FaultId) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.id != id);
        before > self.entries.len()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn status(&self) -> Vec<FaultStatus> {
        let status = |entry: &Entry| FaultStatus {
            id: entry.id,
            fault: entry.fault.to_string(),
            met: entry.met,
            fired: entry.fired,
        };
        self.entries.iter().map(status).collect()
    }

    /// What befalls a machine now, in the order of injection.
    pub(crate) fn strike(
        &mut self,
        occasion: Occasion,
        (app, machine): (&str, &str),
        subject: impl FnOnce() -> Subject,
    ) -> Vec<FaultEffect> {
        let fits = |entry: &&mut Entry| {
            let Fault { point, effect, .. } = &entry.fault;
            let here = point.name() == occasion.name();
            here && (occasion == Occasion::Boot || effect.is_of_the_world())
        };
        let mut here = self.entries.iter_mut().filter(fits).peekable();
        if here.peek().is_none() {
            return Vec::new();
        }
        let subject = subject();
        let struck = here.filter_map(|entry| entry.meets(&subject));
        let (names, effects): (Vec<_>, Vec<_>) = struck.unzip();
        let (app, machine) = (app.to_owned(), machine.to_owned());
        let fired = |fault| Fired { fault, app: app.clone(), machine: machine.clone() };
        self.fired.extend(names.into_iter().map(fired));
        effects
    }

    /// What befalls a call, with the name of each fault, up to the one that ends it.
    pub(crate) fn meet(&mut self, call: Meeting<'_>) -> Vec<(String, FaultEffect)> {
        let mut struck = Vec::new();
        for entry in &mut self.entries {
            if !entry.concerns(call) {
                continue;
            }
            let Some((name, effect)) = entry.meets(call.subject) else { continue };
            let ends = effect.ends_the_call();
            struck.push((name, effect));
            if ends {
                break;
            }
        }
        struck
    }

    /// The faults that struck machines since the last look.
    pub(crate) fn take_fired(&mut self) -> Vec<Fired> {
        std::mem::take(&mut self.fired)
    }

    /// How far back reads may look, if at all.
    pub(crate) fn longest_memory(&self) -> Option<Millis> {
        let ages = self.entries.iter().filter_map(|entry| match entry.fault.effect {
            FaultEffect::Stale { age } => Some(i64::try_from(age.as_millis()).unwrap_or(i64::MAX)),
            _ => None,
        });
        ages.max()
    }

    /// A nonce that nobody else has.
    pub(crate) fn nonce(&mut self) -> String {
        format!("{:016x}", self.names.roll())
    }
}

impl Entry {
    fn concerns(&self, call: Meeting<'_>) -> bool {
        let Fault { point, effect, .. } = &self.fault;
        !effect.is_of_the_world()
            && point.takes(call.method, call.path)
            && (call.has_machine || !effect.needs_a_machine())
            && (call.method == "GET" || !effect.needs_a_read())
    }

    /// Counts, and strikes if it is time.
    fn meets(&mut self, subject: &Subject) -> Option<(String, FaultEffect)> {
        if !self.fault.scope.takes(subject) {
            return None;
        }
        self.met += 1;
        let due = self.fault.timing.is_due(self.met, &mut self.dice);
        self.fired += u64::from(due);
        due.then(|| (self.fault.to_string(), self.fault.effect.clone()))
    }
}
