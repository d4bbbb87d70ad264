//! Ctrl-C once: stop at the next safe point. Twice: leave now; the journal holds.

use pipeline_core::{CancelSource, EventKind, Events};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;
use crate::render::{self, PIPELINE, STOPPING};

/// Waits for people and systems that want the run to end; returns when they want it at once.
pub(crate) async fn watch(source: &CancelSource, events: &Events) -> Exit {
    tokio::select! {
        exit = stop(source, events) => exit,
        () = comings_back() => unreachable!("a run can be laid aside as often as one likes"),
    }
}

async fn stop(source: &CancelSource, events: &Events) -> Exit {
    let mut asked = Asked::listen();
    let first = asked.next().await;
    source.cancel();
    let [interrupted, terminated] = STOPPING;
    let message = if first == Exit::Terminated { terminated } else { interrupted };
    events.tell(EventKind::Noted { step: PIPELINE.into(), message: message.into() });
    asked.next().await
}

/// Waits for SIGINT or SIGTERM.
pub(crate) async fn either() -> Exit {
    Asked::listen().next().await
}

/// Hears SIGINT and SIGTERM from its making on: one that comes between two listeners would be nobody's.
struct Asked {
    interrupts: Signal,
    terminations: Signal,
}

impl Asked {
    fn listen() -> Self {
        let listen = |kind| signal(kind).expect("the runtime has signal handling enabled");
        Self {
            interrupts: listen(SignalKind::interrupt()),
            terminations: listen(SignalKind::terminate()),
        }
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupts.recv() => Exit::Interrupted,
            _ = self.terminations.recv() => Exit::Terminated,
        }
    }
}

/// Hears when the command goes on after Ctrl-Z: meanwhile the terminal was somebody else's.
async fn comings_back() {
    let listen = signal(SignalKind::from_raw(nix::libc::SIGCONT));
    let mut comings_back = listen.expect("the runtime has signal handling enabled");
    while comings_back.recv().await.is_some() {
        render::forget();
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::sys::signal::{self, raise};

    use super::*;

    #[tokio::test]
    async fn a_second_signal_is_heard_also_when_nobody_waited_for_it_yet() {
        let mut asked = Asked::listen();
        raise(signal::Signal::SIGINT).unwrap();
        assert_eq!(asked.next().await, Exit::Interrupted);
        raise(signal::Signal::SIGINT).unwrap();
        let second = tokio::time::timeout(Duration::from_mins(1), asked.next()).await;
        assert_eq!(second, Ok(Exit::Interrupted));
    }
}
