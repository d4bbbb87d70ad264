//! Ctrl-C once: stop at the next safe point. Twice: leave now; the journal holds.

use pipeline_core::{CancelSource, EventKind, Events};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::render::PIPELINE;

/// Waits for people and systems that want the run to end; returns when they want it at once.
pub(crate) async fn watch(source: &CancelSource, events: &Events) -> Exit {
    let first = either().await;
    source.cancel();
    let message = match first {
        Exit::Terminated => "asked to end: stopping at the next safe point",
        _ => "stopping at the next safe point; Ctrl-C again leaves at once",
    };
    events.tell(EventKind::Noted { step: PIPELINE.into(), message: message.into() });
    either().await
}

/// Waits for SIGINT or SIGTERM.
pub(crate) async fn either() -> Exit {
    let listen = |kind| signal(kind).expect("the runtime has signal handling enabled");
    let mut interrupts = listen(SignalKind::interrupt());
    let mut terminations = listen(SignalKind::terminate());
    tokio::select! {
        _ = interrupts.recv() => Exit::Interrupted,
        _ = terminations.recv() => Exit::Terminated,
    }
}
