//! Machines that the proxy has not heard of: it has been known to miss a start, and to learn of nothing more
//! until the machine is taken out of the pool and let in again.

use crate::api::{Machine, Power};
use crate::desired::speaks_http;
use crate::error::FlyError;
use crate::session::{Session, ids};

impl Session<'_> {
    /// Tells the proxy again, once, of machines that are well and that it does not reach.
    pub(crate) async fn introduce(&self, machines: &[Machine]) -> Result<(), FlyError> {
        let well = |it: &&Machine| it.power() == Power::Up && it.is_healthy();
        let served = machines.iter().filter(well).filter(|it| speaks_http(&it.config));
        let unheard_of = self.traffic().unheard_of(&ids(served)).await;
        for machine in machines.iter().filter(|it| unheard_of.contains(&it.id)) {
            self.cx().note(format!(
                "machine {} is well and the proxy does not reach it, so it is told again",
                machine.id
            ));
            // Also of one that is out of the pool: that is a change to the proxy, too.
            self.cordon(&machine.id).await?;
            if !machine.cordoned {
                self.uncordon(&machine.id).await?;
            }
        }
        self.traffic().unheard_of(&unheard_of).await;
        Ok(())
    }
}
