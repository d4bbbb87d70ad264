//! What the proxy would know of a machine if it knew everything at once.

use super::{effect::MachineKey, lifecycle::State, machine::Machine};

/// A machine as a place to send requests to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) key: MachineKey,
    /// The loopback port of its process; `None` while it is not started, or has no service.
    pub(crate) port: Option<u16>,
    pub(crate) cordoned: bool,
    /// All checks of its services pass.
    pub(crate) healthy: bool,
}

impl Machine {
    pub(crate) fn route(&self) -> Route {
        let main =
            self.config().services().first().and(self.config().internal_ports().first().copied());
        let started = self.state == State::Started;
        let vm = self.vm.as_ref().filter(|_| started);
        let port = vm.zip(main).and_then(|(vm, main)| vm.ports.get(&main).copied());
        let healthy = self.checks.iter().all(|check| check.passing || !check.spec.of_service);
        Route { key: self.key(), port, cordoned: self.cordoned, healthy }
    }
}
