//! Whose turn it is in which build folder: Mix before 1.18 does not guard that folder itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use futures::future::{Either, select};
use pipeline_core::Context;
use pipeline_process::Command;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::build_folder::{BuildFolder, Claim, clear};
use crate::error::Error;
use crate::layout::Layout;

/// The build folders in which this process works, shared by all clones of a project.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes(Arc<std::sync::Mutex<BTreeMap<BuildFolder, Lane>>>);

type Lane = Arc<Mutex<()>>;

/// A build folder that nobody else works in while this value lives.
#[derive(Debug)]
pub(crate) struct Turn {
    claim: Option<Claim>,
    _lane: OwnedMutexGuard<()>,
}

impl Turn {
    /// The task has ended by itself. Where that is not said, the next one begins from nothing.
    pub(crate) fn finished(self) {
        if let Some(claim) = self.claim {
            claim.finished();
        }
    }
}

impl Lanes {
    /// Waits until the folder that the command builds in is free, in this process and, where there is a folder for
    /// `locks`, in all others that name the same one. `None` when the run was asked to stop meanwhile.
    pub(crate) async fn turn(
        &self,
        command: &Command,
        locks: Option<&Path>,
        cx: &Context,
    ) -> Result<Option<Turn>, Error> {
        let turn = async {
            let lane = self.lane(command).lock_owned().await;
            let claim = match locks {
                Some(locks) => Some(claim(command, locks, cx).await?),
                None => None,
            };
            Ok(Turn { claim, _lane: lane })
        };
        match select(Box::pin(turn), Box::pin(cx.cancelled())).await {
            Either::Left((turn, _)) => turn.map(Some),
            Either::Right(_) => Ok(None),
        }
    }

    pub(crate) fn lane(&self, command: &Command) -> Lane {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(BuildFolder::of(command)).or_default())
    }
}

/// Claims the folder that the command builds in. What a killed task left there half built is taken out of it.
async fn claim(command: &Command, locks: &Path, cx: &Context) -> Result<Claim, Error> {
    let folder = BuildFolder::of(command);
    let mut claim = folder.claim(locks, cx).await?;
    let Some(build) = folder.path(&command.dir) else { return Ok(claim) };
    if claim.is_unfinished() {
        cx.note(format!("{folder} was left half built: the project is compiled anew"));
        clear(&build, &Layout::of(&command.dir))?;
    }
    claim.begin(&folder)?;
    Ok(claim)
}

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;
