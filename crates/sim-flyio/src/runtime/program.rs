//! What runs in a machine: a process, or the bundled application inside the simulator.

use std::{future::pending, io, sync::Arc, time::Duration};

use tokio::{
    select,
    time::{Instant, sleep_until},
};

use super::{Platform, inside::Inside, logs::Diary, output::Output, process::Process};
use crate::{
    app::Says,
    world::{Boot, Exit, Ports},
};

/// A program that was started.
pub(super) struct Started {
    pub(super) program: Program,
    pub(super) ports: Ports,
    /// What it prints, if it has a pipe to print into.
    pub(super) output: Option<Output>,
}

/// What runs in a machine.
pub(super) enum Program {
    /// A process of this host.
    Process(Process),
    /// The bundled application, inside the simulator.
    Inside(Inside),
}

impl Program {
    /// Starts what the image of the boot is.
    pub(super) async fn start(
        platform: &Arc<Platform>,
        boot: &Boot,
        diary: &Arc<Diary>,
    ) -> io::Result<Started> {
        if boot.image.inside {
            let diary = Arc::clone(diary);
            let says = Says::Log(Box::new(move |line| diary.says(line)));
            let (inside, ports) = Inside::start(platform, boot, says)?;
            return Ok(Started { program: Self::Inside(inside), ports, output: None });
        }
        let (process, ports, output) = Process::start(platform, boot).await?;
        Ok(Started { program: Self::Process(process), ports, output: Some(output) })
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
            Self::Inside(inside) => (inside.outgrows(limit), None),
            Self::Process(process) => (None, Some(process.watched())),
        };
        let planned = [after, grows].into_iter().flatten().min();
        async move {
            let planned = at(planned.and_then(|after| began.checked_add(after)));
            let seen = async {
                match watched {
                    Some(memory) => memory.outgrows(limit).await,
                    None => pending().await,
                }
            };
            select! {
                biased;
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
