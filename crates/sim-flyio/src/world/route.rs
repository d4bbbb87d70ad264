//! What the proxy would know of a machine if it knew everything at once.

use std::sync::Arc;

use super::{
    check::Address, effect::MachineKey, lifecycle::State, machine::Machine, service::Service,
};

/// A machine as a place to send requests to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) key: MachineKey,
    /// Where its service is; `None` while it is not started, or has none.
    pub(crate) address: Option<Address>,
    pub(crate) cordoned: bool,
    /// All checks of its services pass.
    pub(crate) healthy: bool,
    pub(crate) region: String,
    /// Stopped or suspended: a start brings it back.
    pub(crate) idle: bool,
    /// `None` if it has no service.
    pub(crate) service: Option<Arc<Service>>,
}

impl Machine {
    pub(crate) fn route(&self) -> Route {
        let main =
            self.config().services().first().and(self.config().internal_ports().first().copied());
        let started = self.state == State::Started;
        let vm = self.vm.as_ref().filter(|_| started && self.is_seen());
        let address = vm.zip(main).and_then(|(vm, main)| vm.ports.get(&main).copied());
        let healthy = self.checks.iter().all(|check| check.passing || !check.spec.of_service);
        Route {
            key: self.key(),
            address,
            cordoned: self.is_believed_cordoned(),
            healthy,
            region: self.region.clone(),
            idle: matches!(self.state, State::Stopped | State::Suspended),
            service: self.service().map(Arc::new),
        }
    }
}
