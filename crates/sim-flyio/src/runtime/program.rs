//! What runs in a machine: a process, or the bundled application inside the simulator.

use std::{future::pending, io, sync::Arc, time::Duration};

use tokio::{
    select,
    time::{Instant, sleep_until},
};

use super::{Platform, inside::Inside, process::Process};
use crate::world::{Boot, Exit, Ports};

/// What runs in a machine.
pub(super) enum Program {
    /// A process of this host.
    Process(Process),
    /// The bundled application, inside the simulator.
    Inside(Inside),
}

impl Program {
    /// Starts what the image of the boot is.
    pub(super) async fn start(platform: &Arc<Platform>, boot: &Boot) -> io::Result<(Self, Ports)> {
        if boot.image.inside {
            let (inside, ports) = Inside::start(platform, boot)?;
            return Ok((Self::Inside(inside), ports));
        }
        let (process, ports) = Process::start(platform, boot).await?;
        Ok((Self::Process(process), ports))
    }

    pub(super) fn pid(&self) -> Option<u32> {
        match self {
            Self::Process(process) => Some(process.pid()),
            Self::Inside(_) => None,
        }
    }

    /// Returns when the program has ended, however it ended.
    pub(super) async fn ended(&mut self) -> Exit {
        match self {
            Self::Process(process) => process.ended().await,
            Self::Inside(inside) => inside.ended().await,
        }
    }

    /// Returns when the machine's memory is not enough any more.
    pub(super) fn starves(&self, boot: &Boot) -> impl Future<Output = ()> + Send + use<> {
        let after = boot.image.oom_after_ms.map(Duration::from_millis);
        let (limit, began) = (boot.memory_mb, Instant::now());
        let (grows, watched) = match self {
            Self::Inside(inside) => (limit.and_then(|limit| inside.outgrows(limit)), None),
            Self::Process(process) => (None, limit.map(|limit| (process.watched(), limit))),
        };
        let planned = [after, grows].into_iter().flatten().min();
        async move {
            let planned = at(planned.map(|after| began + after));
            let seen = async {
                match watched {
                    Some((memory, limit)) => memory.outgrows(limit).await,
                    None => pending().await,
                }
            };
            select! {
                () = planned => {}
                () = seen => {}
            }
        }
    }

    /// Sends a signal to the main process.
    pub(super) fn signal(&mut self, signal: i32) {
        match self {
            Self::Process(process) => process.signal(signal),
            Self::Inside(inside) => inside.signal(signal),
        }
    }

    /// Sends a signal to all processes.
    pub(super) fn signal_all(&mut self, signal: i32) {
        match self {
            Self::Process(process) => process.signal_all(signal),
            Self::Inside(inside) => inside.signal(signal),
        }
    }
}

/// Returns at a time, or never.
pub(super) async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}
