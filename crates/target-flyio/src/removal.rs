//! Removing machines.

use crate::api::Power;
use crate::error::FlyError;
use crate::session::Session;

impl Session<'_> {
    /// Destroys a machine of this run. Others are refused: only what we made is ours to remove.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), FlyError> {
        match self.api().machine(id).await? {
            Some(machine) if machine.power() == Power::Gone => Ok(()),
            Some(machine) if self.made(&machine) => self.destroy(id).await,
            Some(machine) if !machine.is_readable() => {
                Err(FlyError::Unreadable { machine: id.to_owned() })
            }
            Some(_) => Err(FlyError::Unsettled {
                problem: format!("machine {id} was not made by this run, so it is not removed"),
            }),
            None => Ok(()),
        }
    }

    /// Destroys a machine, whatever it is.
    pub(crate) async fn destroy(&self, id: &str) -> Result<(), FlyError> {
        self.leases().take(&[id.to_owned()], self.cx()).await?;
        match self.leases().guard(id) {
            Ok(guard) => self.api().destroy(&guard).await?,
            // It was gone when it was to be leased.
            Err(_) if self.api().machine(id).await?.is_none_or(|it| it.power() == Power::Gone) => {}
            Err(error) => return Err(error),
        }
        self.leases().forget(id);
        Ok(())
    }
}
