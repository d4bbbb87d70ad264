//! What the proxy does to machines by itself: it starts those that are needed and stops those
//! that are not. Leases do not hold it back.

use nix::sys::signal::Signal;

use super::{
    Target, World,
    act::StopOrder,
    effect::{Host, MachineKey, Order},
    event::Source,
    lifecycle::{State, Trigger},
    machine::Machine,
    refusal::Refusal,
    service::Autostop,
};

/// What a worker knows of a machine that the edge sent a request to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Started,
    /// It will be started soon, if nothing goes wrong.
    Starting,
    /// It is suspended: connections to it are nobody's to take.
    Frozen,
    /// It is there and does not run.
    Stopped,
    Gone,
}

impl World {
    /// The truth of now about a machine.
    pub(crate) fn presence(&self, key: &MachineKey) -> Presence {
        let machine = self.apps.get(&key.app).and_then(|app| app.machines.get(&key.machine));
        match machine.map(|machine| machine.state) {
            None | Some(State::Destroying | State::Destroyed) => Presence::Gone,
            Some(State::Started) => Presence::Started,
            Some(State::Created | State::Starting | State::Restarting | State::Replacing) => {
                Presence::Starting
            }
            Some(State::Suspending | State::Suspended) => Presence::Frozen,
            Some(_) => Presence::Stopped,
        }
    }

    /// Which boot of a machine runs, if any does.
    pub(crate) fn boot_of(&self, key: &MachineKey) -> Option<u64> {
        let machine = self.apps.get(&key.app)?.machines.get(&key.machine)?;
        Some(machine.vm.as_ref()?.boot)
    }

    /// Starts a machine for a request that waits for it.
    pub(crate) fn autostart(&mut self, key: &MachineKey) -> Result<(), Refusal> {
        let target = Target { app: &key.app, machine: &key.machine, nonce: None };
        let lease = self.read(target)?.lease(self.host.now);
        let nonce = lease.map(|lease| lease.nonce.clone());
        self.start(Target { nonce: nonce.as_deref(), ..target }).map(|_| ())
    }

    /// Stops or suspends a machine that runs. One that is being updated is left stopped at the
    /// end of it; any other has moved on since the proxy looked, and is left alone.
    pub(crate) fn autostop(&mut self, key: &MachineKey, how: Autostop) {
        let target = Target { app: &key.app, machine: &key.machine, nonce: None };
        let Ok((machine, host)) = self.touch(target) else { return };
        match (machine.state, how) {
            (_, Autostop::Off) => {}
            (State::Replacing, _) => machine.leave_stopped(),
            (State::Started, Autostop::Stop) => machine.stop_idle(host),
            (State::Started, Autostop::Suspend) => machine.suspend_idle(host),
            _ => {}
        }
    }
}

impl Machine {
    fn stop_idle(&mut self, host: &mut Host) {
        self.must(Trigger::Stop, host);
        self.log("stop", Source::Flyd, host);
        if !self.stop_process(StopOrder::default(), State::Started, host) {
            self.gone(host);
        }
    }

    fn suspend_idle(&mut self, host: &mut Host) {
        self.must(Trigger::Suspend, host);
        self.log("suspend", Source::Flyd, host);
        self.order(Order::SignalAll(Signal::SIGSTOP as i32), host);
        self.must(Trigger::Frozen, host);
    }
}
