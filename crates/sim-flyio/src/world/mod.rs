//! The truth: apps, machines, versions, leases, checks. Pure: it has no clock, no process and no
//! network. A call changes it and leaves behind the effects that have to follow.

mod act;
mod app;
mod autostop;
mod check;
mod config;
mod create;
mod effect;
mod event;
mod fact;
mod foresee;
mod ip;
mod lease;
mod lifecycle;
mod list;
mod machine;
mod metadata;
mod mishap;
mod mount;
mod org;
mod page;
mod past;
mod refusal;
mod region;
mod release;
mod route;
mod running;
mod secret;
mod service;
mod signal;
mod snapshot;
mod strike;
mod update;
mod view;
mod volume;
mod wait;

use std::collections::{BTreeMap, VecDeque};

pub(crate) use act::{Destroy, StopOrder, start_json};
pub(crate) use app::{App, NewApp, ORGANIZATION, organization};
pub(crate) use autostop::Presence;
pub(crate) use check::{Address, CheckSpec, Ports, Probe};
#[cfg(test)]
pub(crate) use config::Config;
pub(crate) use create::MachineRequest;
pub(crate) use effect::{Boot, Effect, Host, MachineKey, Order};
pub(crate) use fact::{Exit, Fact, Lapse};
pub(crate) use foresee::names_of;
pub(crate) use ip::{Assignment, IpAsk};
pub(crate) use lease::LeaseAsk;
pub(crate) use list::{Filter, value_of};
pub(crate) use machine::Machine;
pub(crate) use metadata::MetadataPatch;
pub(crate) use org::OrgQuery;
pub(crate) use page::{Cut, Page};
pub(crate) use refusal::Refusal;
pub(crate) use region::{PlacementAsk, regions_json};
pub(crate) use release::{Release, ReleasePatch, ReleaseRequest, Releases};
pub(crate) use route::Route;
pub(crate) use running::Running;
pub(crate) use secret::{SecretText, SecretsQuery};
#[cfg(test)]
pub(crate) use service::Service;
pub(crate) use service::{Autostop, Concurrency};
pub use view::{CheckView, LeaseView, MachineView};
pub(crate) use volume::{NewVolume, VolumeChange};
pub(crate) use wait::{Reached, WaitFor};

use crate::clock::Millis;

/// A destroyed machine can still be read for so long; clients fetch exit codes from it.
const RETENTION: Millis = 5 * 60 * 1000;

/// A machine as a request names it, with the lease nonce that came along.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) app: &'a str,
    pub(crate) machine: &'a str,
    pub(crate) nonce: Option<&'a str>,
}

/// Everything there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) releases: Releases,
    pub(crate) host: Host,
    /// How many apps there ever were.
    apps_created: usize,
    /// Destroyed machines, longest dead first.
    graves: VecDeque<(Millis, MachineKey)>,
    past: past::Past,
}

impl World {
    pub(crate) fn new(host: Host) -> Self {
        let releases = Releases::default();
        let (graves, past) = (VecDeque::new(), past::Past::default());
        Self { apps: BTreeMap::new(), releases, host, apps_created: 0, graves, past }
    }

    pub(crate) fn app(&self, name: &str) -> Result<&App, Refusal> {
        let app = self.apps.get(name).filter(|app| !app.deleted);
        app.ok_or_else(|| Refusal::not_found("app"))
    }

    /// A machine that can be read: one that lives, or was destroyed within the retention time.
    pub(crate) fn read(&self, target: Target<'_>) -> Result<&Machine, Refusal> {
        let app = self.app(target.app)?;
        if !crate::ids::is_machine_id(target.machine) {
            return Err(Refusal::invalid_machine_id(target.machine));
        }
        let machine = app.machines.get(target.machine);
        machine
            .filter(|m| m.is_readable(self.host.now))
            .ok_or_else(|| Refusal::not_found("machine"))
    }

    /// A machine that can be acted on, whoever holds its lease.
    pub(crate) fn touch(
        &mut self,
        target: Target<'_>,
    ) -> Result<(&mut Machine, &mut Host), Refusal> {
        if self.read(target)?.is_destroyed() {
            return Err(Refusal::not_found("machine"));
        }
        self.read(target)?.reach()?;
        let app = self.apps.get_mut(target.app).expect("just read");
        let machine = app.machines.get_mut(target.machine).expect("just read");
        self.host.touch(machine.key());
        Ok((machine, &mut self.host))
    }

    /// A machine that this request may change: no lease is active, or the request holds it.
    pub(crate) fn hold(
        &mut self,
        target: Target<'_>,
    ) -> Result<(&mut Machine, &mut Host), Refusal> {
        let (machine, host) = self.touch(target)?;
        machine.guard(target.nonce, host.now)?;
        Ok((machine, host))
    }

    /// Takes in what happened to a machine; facts about machines that are gone are dropped.
    pub(crate) fn note(&mut self, key: &MachineKey, fact: Fact) {
        let app = self.apps.get_mut(&key.app);
        if let Some(machine) = app.and_then(|app| app.machines.get_mut(&key.machine)) {
            self.host.touch(key.clone());
            machine.note(fact, &mut self.host);
        }
    }

    /// The machines that may have changed since the last call, and those that were destroyed so
    /// long ago that they are forgotten with it.
    pub(crate) fn changed(&mut self) -> Vec<(MachineKey, Option<Route>)> {
        let touched = self.host.take_touched();
        let mut changed = Vec::with_capacity(touched.len());
        for key in touched {
            let app = self.apps.get(&key.app);
            let machine = app.and_then(|app| app.machines.get(&key.machine));
            let since = machine.filter(|it| it.is_destroyed()).map(|it| it.updated_at);
            self.graves.extend(since.map(|since| (since, key.clone())));
            changed.push((key, machine.map(Machine::route)));
        }
        while let Some((_, key)) =
            self.graves.pop_front_if(|(at, _)| self.host.now - *at >= RETENTION)
        {
            self.apps.get_mut(&key.app).map(|app| app.machines.remove(&key.machine));
            self.forget_app(&key.app);
            changed.push((key, None));
        }
        changed
    }

    pub(crate) fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.apps.values().flat_map(|app| app.machines.values())
    }
}

#[cfg(test)]
mod tests;
