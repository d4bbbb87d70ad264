//! A machine: its versions, its state, its process and its log.

use serde_json::Value;

use super::{
    RETENTION,
    check::{Check, CheckSpec, Ports},
    config::Config,
    effect::{Boot, Effect, Host, MachineKey, Order},
    event::{Event, Source},
    fact::Lapse,
    lease::Lease,
    lifecycle::{self, State, Trigger},
    mishap::Mishaps,
    refusal::Refusal,
    secret::SecretsAsk,
    update::Change,
    view::EVENTS_MAX,
};
use crate::{clock::Millis, image::Reference};

/// What became of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is, or is becoming, what the machine runs.
    Current,
    /// A newer one took over.
    Replaced,
    /// It could not be installed.
    LaunchFailed,
}

/// One version of a machine: a configuration, and the image that it meant at that time.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) config: Value,
    pub(crate) image: Reference,
    pub(crate) secrets: SecretsAsk,
    pub(crate) fate: Fate,
}

/// The process of a machine.
#[derive(Clone, Debug)]
pub(crate) struct Vm {
    pub(crate) boot: u64,
    pub(crate) runs: bool,
    /// `None` until it runs, and where it runs inside the simulator.
    pub(crate) pid: Option<u32>,
    pub(crate) ports: Ports,
}

/// A machine.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) app: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
    pub(crate) state: State,
    /// Oldest first.
    pub(crate) versions: Vec<Version>,
    /// Which of them is current.
    pub(crate) current: usize,
    pub(crate) cordoned: bool,
    pub(crate) lease: Option<Lease>,
    pub(crate) events: Vec<Event>,
    pub(crate) checks: Vec<Check>,
    pub(crate) vm: Option<Vm>,
    pub(crate) change: Option<Change>,
    /// When the restart policy started it again.
    pub(crate) restarts: Vec<Millis>,
    /// Counts state changes, so that a timer that comes too late is recognised.
    pub(crate) serial: u64,
    pub(crate) mishaps: Mishaps,
}

impl Machine {
    pub(crate) fn key(&self) -> MachineKey {
        MachineKey { app: self.app.clone(), machine: self.id.clone() }
    }

    pub(crate) fn version(&self) -> &Version {
        &self.versions[self.current]
    }

    pub(crate) fn config(&self) -> Config<'_> {
        Config(&self.version().config)
    }

    pub(crate) fn is_destroyed(&self) -> bool {
        self.state == State::Destroyed
    }

    pub(crate) fn is_readable(&self, now: Millis) -> bool {
        !self.is_destroyed() || now - self.updated_at < RETENTION
    }

    /// Takes the step that `trigger` means, or refuses in the platform's words.
    pub(crate) fn step(
        &mut self,
        trigger: Trigger,
        verb: &str,
        host: &Host,
    ) -> Result<(), Refusal> {
        let Some(state) = lifecycle::next(self.state, trigger) else {
            let state = self.state.as_str();
            let why = format!("unable to {verb} machine from current state: '{state}'");
            return Err(Refusal::precondition(why));
        };
        self.state = state;
        self.serial += 1;
        self.updated_at = host.now;
        Ok(())
    }

    /// Takes a step that the simulator itself decided on.
    pub(crate) fn must(&mut self, trigger: Trigger, host: &Host) {
        let from = self.state;
        let step = self.step(trigger, "move", host);
        assert!(step.is_ok(), "no step {trigger:?} from {from:?}: a bug of the simulator");
    }

    /// Adds to the event log.
    pub(crate) fn log(&mut self, kind: &'static str, source: Source, host: &mut Host) {
        self.log_with((kind, source, Value::Null), host);
    }

    pub(crate) fn log_with(
        &mut self,
        (kind, source, request): (&'static str, Source, Value),
        host: &mut Host,
    ) {
        let (id, timestamp, status) = (host.ulid(), host.now, self.state);
        self.updated_at = timestamp;
        if self.events.len() == EVENTS_MAX {
            self.events.remove(0); // a crash loop has no end, and nobody can ask for more of it
        }
        self.events.push(Event { id, kind, status, source, timestamp, request });
    }

    /// Comes back with `lapse` when the boot time has passed, unless the machine moved on.
    pub(crate) fn later(&self, lapse: Lapse, host: &mut Host) {
        host.ask(Effect::Later { key: self.key(), serial: self.serial, lapse });
    }

    /// Asks for a process that runs the current version, now or when the vault is ready. Without
    /// an image there is none: the machine fails.
    pub(crate) fn boot(&mut self, host: &mut Host) {
        let checks = CheckSpec::of(self.config()).unwrap_or_default();
        self.checks = checks.iter().map(|spec| Check::new(spec.clone(), host.now)).collect();
        // The write that brings the vault to the version that is wanted boots the machine.
        let Some(secrets) = self.secrets(host) else { return };
        let unpullable = std::mem::take(&mut self.mishaps.unpullable);
        let image = host.registry.pull(&self.version().image).filter(|_| !unpullable).cloned();
        let Some(image) = image else {
            return self.later(Lapse::NoImage, host);
        };
        let boot = host.next_boot();
        self.vm = Some(Vm { boot, runs: false, pid: None, ports: Ports::new() });
        let mut boot = Boot {
            key: self.key(),
            number: boot,
            image: Box::new(image.clone()),
            command: self.config().command(&image),
            memory_mb: self.config().memory_mb(),
            env: self.environment(&image.env, secrets),
            internal_ports: self.config().internal_ports(),
            checks,
        };
        self.is_booted_badly(&mut boot, host);
        host.ask(Effect::Boot(Box::new(boot)));
    }

    /// Tells the process something; false when there is no process.
    pub(crate) fn order(&self, order: Order, host: &mut Host) -> bool {
        let boot = self.vm.as_ref().map(|vm| vm.boot);
        boot.map(|boot| host.order(boot, order)).is_some()
    }
}
