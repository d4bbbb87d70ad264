//! Updating a machine: a whole new configuration, as a new version, in place of the old one.

use serde_json::{Value, json};

use super::{
    Target, World,
    act::StopOrder,
    config::Config,
    create::MachineRequest,
    effect::Host,
    event::Source,
    fact::{Exit, Lapse},
    lease::LeaseAsk,
    lifecycle::{State, Trigger},
    machine::{Fate, Machine, Version},
    mount::filled,
    refusal::Refusal,
};
use crate::{
    clock::Millis,
    faults::{FaultEffect, Occasion},
};

/// An update under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// The version that was current before.
    pub(crate) from: usize,
    /// The state the machine was in before.
    pub(crate) was: State,
    /// Whether the new version is to be booted.
    boots: bool,
    /// Whether there is an image to boot it from.
    installs: bool,
    /// How the process ended, if it did so by itself meanwhile.
    ended: Option<Exit>,
}

impl World {
    /// Begins an update; it is finished by facts that come later.
    pub(crate) fn update(
        &mut self,
        target: Target<'_>,
        mut launch: MachineRequest,
    ) -> Result<(), Refusal> {
        launch.config = filled(launch.config, &self.app(target.app)?.volumes);
        let (machine, host) = self.hold(target)?;
        machine.may_become(&launch)?;
        let image = host.resolve(&launch.config);
        let installs = host.registry.pull(&image).is_some();
        let was = machine.state;
        machine.step(Trigger::Update, "update", host)?;
        let struck = machine.struck(Occasion::Update, Some(&launch.config), host);
        let installs = installs && !struck.contains(&FaultEffect::PullFails);
        let autostop = struck.contains(&FaultEffect::Autostop);
        if let Some(ttl) = launch.lease_ttl {
            let ask = LeaseAsk { ttl: Some(ttl), ..LeaseAsk::default() };
            machine.acquire(ask, target.nonce, host)?;
        }
        let runs = matches!(was, State::Starting | State::Started | State::Failed);
        let from = machine.current;
        let boots = runs && !launch.skip_launch && !autostop;
        machine.change = Some(Change { from, was, boots, installs, ended: None });
        let version = Version {
            id: host.ulid(),
            secrets: launch.secrets(),
            config: launch.config,
            image,
            fate: Fate::Current,
        };
        machine.begin(version, host);
        if autostop {
            machine.is_autostopped(host);
        }
        Ok(())
    }
}

impl Machine {
    /// Refuses what cannot be changed, and what was decided on an outdated view.
    fn may_become(&self, launch: &MachineRequest) -> Result<(), Refusal> {
        Config(&launch.config).validate()?;
        let version = &self.version().id;
        if let Some(expected) = launch.current_version.as_ref().filter(|v| *v != version) {
            let why = format!("machine version is {version}, not the expected {expected}");
            return Err(Refusal::aborted(why));
        }
        if self.state == State::Replacing {
            return Err(Refusal::aborted("machine is replacing: concurrent update in progress"));
        }
        let fixed = [("name", &launch.name, &self.name), ("region", &launch.region, &self.region)];
        for (what, asked, own) in fixed {
            if asked.as_ref().is_some_and(|asked| !asked.is_empty() && asked != own) {
                return Err(Refusal::invalid(format!("the {what} of a machine cannot be changed")));
            }
        }
        if mounts(&launch.config) != mounts(&self.version().config) {
            return Err(Refusal::invalid("the mounts of a machine cannot be changed"));
        }
        if launch.lease_ttl == Some(0) {
            return Err(Refusal::invalid("lease ttl must be positive"));
        }
        Ok(())
    }

    fn begin(&mut self, version: Version, host: &mut Host) {
        let Change { was, installs, .. } = self.change.expect("the caller has set it");
        // The old process is told how to stop by the old configuration, before the new one counts.
        let stops = installs && self.stop_process(StopOrder::default(), was, host);
        self.versions.push(version);
        self.current = self.versions.len() - 1;
        self.log("update", Source::User, host);
        match (installs, stops) {
            (false, _) => self.later(Lapse::Revert, host),
            (true, false) => self.later(Lapse::Install, host),
            (true, true) => {} // goes on when the process has ended
        }
    }

    /// Whatever the update was to do at its end: the new version is not booted.
    pub(crate) fn leave_stopped(&mut self) {
        if let Some(change) = self.change.as_mut() {
            change.boots = false;
        }
    }

    /// Whether the end of the process is what the update waits for.
    pub(crate) fn is_installing(&self) -> bool {
        self.state == State::Replacing && self.change.is_some_and(|change| change.installs)
    }

    /// The new version takes the place of the old one.
    pub(crate) fn install(&mut self, host: &mut Host) {
        let change = self.change.take().expect("an update is under way");
        self.versions[change.from].fate = Fate::Replaced;
        // What the old version did is not the fault of the new one.
        self.restarts.clear();
        if change.boots {
            self.must(Trigger::TookOver, host);
            return self.boot(host);
        }
        self.checks.clear();
        if change.was == State::Created {
            self.must(Trigger::KeptCreated, host);
            self.later(Lapse::Settle, host);
        } else {
            self.must(Trigger::KeptStopped, host);
        }
    }

    /// Whether the restart policy leaves a process down that ended so, if it did; counts the restart
    /// if not.
    fn stays_down(&mut self, ended: Option<Exit>, now: Millis) -> bool {
        let stays = ended.is_some_and(|exit| !self.restarts_after(exit, now));
        self.restarts.extend(ended.filter(|_| !stays).map(|_| now));
        stays
    }

    /// The process ended by itself while the update was under way.
    pub(crate) fn ended_meanwhile(&mut self, exit: Exit) {
        if let Some(change) = self.change.as_mut() {
            change.ended = Some(exit);
        }
    }

    /// The image cannot be pulled: the platform gives up on the version without a word to
    /// whoever asked for it, and the machine is what it was.
    pub(crate) fn revert(&mut self, host: &mut Host) {
        let change = self.change.take().expect("an update is under way");
        let image = self.version().image.full();
        self.versions[self.current].fate = Fate::LaunchFailed;
        self.current = change.from;
        let ran = matches!(change.was, State::Starting | State::Started);
        let runs = self.vm.as_ref().is_some_and(|vm| vm.runs);
        let former = match (ran, runs) {
            (true, true) => State::Started,
            (true, false) if self.stays_down(change.ended, host.now) => State::Stopped,
            (true, false) => State::Starting,
            (false, _) => change.was,
        };
        self.must(Trigger::Reverted(former), host);
        let request: Value = json!({ "error": format!("failed to pull image {image}") });
        self.log_with(("update", Source::Flyd, request), host);
        if former == State::Starting && self.vm.is_none() {
            self.boot(host);
        }
        if former == State::Created {
            self.later(Lapse::Settle, host);
        }
    }
}

/// What of the mounts stays for as long as the machine lives: which volume is where. How a volume
/// may grow can be changed (flyctl: deploy does, after `fly.toml`).
fn mounts(config: &Value) -> Vec<[&Value; 2]> {
    let mounts = config["mounts"].as_array().into_iter().flatten();
    mounts.map(|mount| [&mount["volume"], &mount["path"]]).collect()
}
