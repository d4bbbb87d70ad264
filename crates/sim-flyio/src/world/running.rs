//! What is needed to look into a machine that runs.

use super::{Target, World, check::Ports, lifecycle::State, refusal::Refusal};

/// A program that runs in a machine.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) boot: u64,
    /// `None` where it runs inside the simulator.
    pub(crate) pid: Option<u32>,
    pub(crate) ports: Ports,
}

impl World {
    /// The program of a started machine, to be looked at.
    pub(crate) fn running(&self, target: Target<'_>) -> Result<Running, Refusal> {
        let machine = self.read(target)?;
        machine.reach()?;
        let vm = machine.vm.as_ref().filter(|vm| machine.state == State::Started && vm.runs);
        let vm = vm.ok_or_else(|| {
            let state = machine.state.as_str();
            Refusal::precondition(format!("machine is not running, current state: '{state}'"))
        })?;
        Ok(Running { boot: vm.boot, pid: vm.pid, ports: vm.ports.clone() })
    }

    /// The same, to be worked in: only for who may change the machine.
    pub(crate) fn running_and_held(&self, target: Target<'_>) -> Result<Running, Refusal> {
        self.read(target)?.guard(target.nonce, self.host.now)?;
        self.running(target)
    }
}
