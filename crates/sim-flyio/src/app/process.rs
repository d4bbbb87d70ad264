//! The application as a process of its own.

use std::{collections::BTreeMap, io, process::ExitCode, sync::Arc, time::Duration};

use nix::{
    errno::Errno,
    sys::signal::kill,
    unistd::{Pid, getppid},
};
use tokio::{
    select,
    time::{interval, sleep},
};

use super::{Behaviour, listener::Incoming, server::live, told::Told};
use crate::dice::Dice;

/// How often it looks whether its parent is still there.
const PARENT_CHECK: Duration = Duration::from_millis(500);
/// How often it takes more memory, if it grows.
const GROWTH_STEP: Duration = Duration::from_millis(100);

/// Why the application cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// A variable of the environment cannot be read.
    #[error("{key} is '{value}', which is not {wanted}")]
    Variable {
        /// Its name.
        key: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        wanted: &'static str,
    },
    /// The port cannot be listened on.
    #[error("port {port} cannot be listened on")]
    Listen {
        /// From `PORT`.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// Signals cannot be received.
    #[error("signals cannot be received")]
    Signals(#[source] io::Error),
}

/// Runs the application that `env` describes until it is told to end (`SIGTERM`, `SIGINT`), its
/// parent is gone, or it crashes as planned. On a signal it takes no new connection, finishes
/// what it has begun, and ends with 0.
pub async fn serve(env: BTreeMap<String, String>) -> Result<ExitCode, AppError> {
    let app = Arc::new(Behaviour::read(&env)?);
    let told = Told::by_signals()?;
    let dice = Dice::new(app.seed, 0);
    let living = live(Arc::clone(&app), dice, Incoming::Port(app.port), told);
    select! {
        code = living => code.map(ExitCode::from),
        () = orphaned(&app) => Ok(ExitCode::SUCCESS),
        () = grow(&app) => unreachable!("it grows for ever"),
    }
}

/// Returns when another process has become the parent, or the simulator is gone.
async fn orphaned(app: &Behaviour) {
    let parent = getppid();
    let simulator = app.simulator.map_or(parent, Pid::from_raw);
    let mut tick = interval(PARENT_CHECK);
    while getppid() == parent && kill(simulator, None) != Err(Errno::ESRCH) {
        tick.tick().await;
    }
}

/// Takes memory and keeps it, for ever.
async fn grow(app: &Behaviour) {
    let mut taken: Vec<Vec<u8>> = vec![filled(app.memory_mb << 20)];
    let step = app.memory_growth_mb_s.saturating_mul(1 << 20) / 10;
    if step == 0 {
        return std::future::pending().await;
    }
    loop {
        sleep(GROWTH_STEP).await;
        taken.push(filled(step));
    }
}

/// Memory that is written to, so that it is really taken.
fn filled(bytes: u64) -> Vec<u8> {
    vec![1; usize::try_from(bytes).unwrap_or(usize::MAX / 2)]
}
