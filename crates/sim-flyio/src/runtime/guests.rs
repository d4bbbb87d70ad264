//! What the program of each boot was started with, and the commands that run beside it. Those have
//! process groups of their own: whoever waits for a group takes the end of all its members.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Mutex,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::sync::watch;

use super::lock;
use crate::world::Boot;

/// The boots under way, by their number.
#[derive(Debug, Default)]
pub(crate) struct Guests(Mutex<HashMap<u64, Guest>>);

#[derive(Debug)]
struct Guest {
    boot: Boot,
    /// Dropped when the boot is over.
    ending: watch::Sender<()>,
    groups: BTreeSet<i32>,
}

impl Guests {
    /// Takes a boot in; nothing can run beside a program inside the simulator.
    pub(super) fn enter(&self, boot: &Boot) {
        if boot.image.inside {
            return;
        }
        let guest =
            Guest { boot: boot.clone(), ending: watch::Sender::new(()), groups: BTreeSet::new() };
        lock(&self.0).insert(boot.number, guest);
    }

    pub(super) fn leave(&self, number: u64) {
        lock(&self.0).remove(&number);
    }

    /// What was booted, and what fails to change any more when the boot is over.
    pub(super) fn of(&self, number: u64) -> Option<(Boot, watch::Receiver<()>)> {
        let guests = lock(&self.0);
        let guest = guests.get(&number)?;
        Some((guest.boot.clone(), guest.ending.subscribe()))
    }

    /// The process groups of the commands that run beside a program.
    pub(super) fn groups(&self, number: u64) -> BTreeSet<i32> {
        lock(&self.0).get(&number).map(|guest| guest.groups.clone()).unwrap_or_default()
    }

    /// The process groups of all commands that run beside any program.
    pub(super) fn all_groups(&self) -> Vec<i32> {
        lock(&self.0).values().flat_map(|guest| guest.groups.iter().copied()).collect()
    }

    /// Takes a command in. It is killed, with all that it left behind, when the result is dropped.
    pub(super) fn join(&self, number: u64, group: i32) -> Visit<'_> {
        if let Some(guest) = lock(&self.0).get_mut(&number) {
            guest.groups.insert(group);
        }
        Visit { guests: self, number, group }
    }
}

/// A command beside a program, while it runs.
#[derive(Debug)]
pub(super) struct Visit<'a> {
    guests: &'a Guests,
    number: u64,
    group: i32,
}

impl Visit<'_> {
    pub(super) fn kill(&self) {
        let _ = killpg(Pid::from_raw(self.group), Signal::SIGKILL); // already gone is as good
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.kill();
        if let Some(guest) = lock(&self.guests.0).get_mut(&self.number) {
            guest.groups.remove(&self.group);
        }
    }
}
