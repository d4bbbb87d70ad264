//! Being told to end.

use nix::sys::signal::Signal as Kind;
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

use super::AppError;

/// The signals that tell the application to end.
#[derive(Debug)]
pub(crate) enum Told {
    /// Those of the kernel.
    Process { terminate: Signal, interrupt: Signal },
    /// Those of the simulator around.
    Inside(mpsc::UnboundedReceiver<Kind>),
}

impl Told {
    /// Listens for the signals of this process.
    pub(super) fn by_signals() -> Result<Self, AppError> {
        let listen = |kind| signal(kind).map_err(AppError::Signals);
        Ok(Self::Process {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Returns when it is told to end, unless it does not listen.
    pub(super) async fn wait(&mut self, ignores: bool) {
        loop {
            match self {
                Self::Process { terminate, interrupt } => select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                },
                Self::Inside(signals) => match signals.recv().await {
                    Some(Kind::SIGTERM | Kind::SIGINT) => {}
                    Some(_) => continue,
                    None => std::future::pending().await,
                },
            }
            if !ignores {
                return;
            }
        }
    }
}
