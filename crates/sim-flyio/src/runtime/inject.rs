//! Faults, as the running simulator takes them.

use std::sync::{Arc, atomic::Ordering};

use super::{Platform, current, lock};
use crate::{ApiRequest, Fault, FaultId, FaultStatus, faults::Plan, world::World};

impl Platform {
    pub(crate) fn inject(self: &Arc<Self>, fault: Fault) -> FaultId {
        self.faulty.store(true, Ordering::Relaxed);
        let mut world = lock(&self.world);
        world.host.now = self.clock.now();
        let id = world.host.faults.inject(fault);
        world.remember(); // a stale read sees no further back than this
        id
    }

    pub(crate) fn faults(&self) -> Vec<FaultStatus> {
        lock(&self.world).host.faults.status()
    }

    /// Takes one fault away; false if there is none.
    pub(crate) fn remove_fault(&self, id: FaultId) -> bool {
        lock(&self.world).host.faults.remove(id)
    }

    pub(crate) fn clear_faults(&self) {
        lock(&self.world).host.faults.clear();
    }

    /// What faults are going to do to a call; nothing, as long as there never was a fault.
    pub(crate) fn foresee(self: &Arc<Self>, call: &ApiRequest) -> Plan {
        if !self.faulty.load(Ordering::Relaxed) {
            return Plan::default();
        }
        let plan = {
            let mut world = lock(&self.world);
            world.host.now = self.clock.now();
            world.remember();
            world.foresee(call)
        };
        if plan.marks {
            self.commit(|_| ()); // the proxy and those who wait have to see it
        }
        plan
    }

    /// What users get from a machine in place of its answer.
    pub(crate) fn traffic_fault(&self, (app, machine): (&str, &str)) -> Option<u16> {
        if !self.faulty.load(Ordering::Relaxed) {
            return None;
        }
        let world = lock(&self.world);
        world.apps.get(app)?.machines.get(machine)?.traffic_fault()
    }

    /// Enters what befell machines into the journal: with the call that caused it, if one did.
    pub(super) fn report(&self, world: &mut World) {
        for fired in world.host.faults.take_fired() {
            let about = (fired.app, fired.machine);
            match current::seq() {
                Some(seq) => self.journal.fault(seq, &fired.fault),
                None => self.journal.event(world.host.now, about, fired.fault),
            }
        }
    }
}
