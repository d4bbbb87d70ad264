//! A machine's program as the bundled application inside the simulator: no process, no port, and
//! on tokio's clock, so that a test which pauses that clock pauses the machine with it.

use std::{future::poll_fn, io, pin::Pin, sync::Arc, task::Poll, time::Duration};

use nix::sys::signal::Signal;
use tokio::sync::mpsc;

use super::Platform;
use crate::{
    app::{self, AppError, Behaviour, Incoming, Place, Says, Told},
    dice::{Dice, purpose},
    world::{Address, Boot, Exit, Ports},
};

/// The application of one boot.
pub(super) struct Inside {
    life: Pin<Box<dyn Future<Output = Result<u8, AppError>> + Send>>,
    signals: mpsc::UnboundedSender<Signal>,
    behaviour: Arc<Behaviour>,
    frozen: bool,
    /// The signal that ends it without being asked.
    killed: Option<Signal>,
}

impl Inside {
    /// Starts the application as the environment of the boot describes it. All ports of the
    /// machine lead to it.
    pub(super) fn start(
        platform: &Arc<Platform>,
        boot: &Boot,
        says: Says,
    ) -> io::Result<(Self, Ports)> {
        let behaviour = Behaviour::read(&boot.env).map_err(io::Error::other)?;
        let behaviour = Arc::new(behaviour);
        let dice = Dice::new(platform.config.seed, purpose::BOOTS + boot.number);
        let (signals, told) = mpsc::unbounded_channel();
        let incoming = Incoming::Inside(platform.doors.opener(boot.number));
        let place = Place { dice, incoming, told: Told::Inside(told), says };
        let life = app::live(Arc::clone(&behaviour), place);
        let address = Address::Inside(boot.number);
        let ports = boot.internal_ports.iter().map(|port| (*port, address)).collect();
        let inside = Self { life: Box::pin(life), signals, behaviour, frozen: false, killed: None };
        Ok((inside, ports))
    }

    pub(super) async fn ended(&mut self) -> Exit {
        poll_fn(|cx| match (self.killed, self.frozen) {
            (Some(Signal::SIGKILL), true) | (Some(_), false) => {
                let signal = self.killed.map(|signal| signal as i32);
                Poll::Ready(Exit { signal, ..Exit::default() })
            }
            (_, true) => Poll::Pending, // other signals wait until it goes on
            (None, false) => self
                .life
                .as_mut()
                .poll(cx)
                .map(|code| Exit { code: Some(code.map_or(1, i32::from)), ..Exit::default() }),
        })
        .await
    }

    /// After how long the application would have more than `limit_mb` MiB.
    pub(super) fn outgrows(&self, limit_mb: u64) -> Option<Duration> {
        self.behaviour.outgrows(limit_mb)
    }

    pub(super) fn signal(&mut self, signal: i32) {
        match Signal::try_from(signal) {
            Ok(Signal::SIGKILL) => self.killed = Some(Signal::SIGKILL),
            Ok(Signal::SIGSTOP) => self.frozen = true,
            Ok(Signal::SIGCONT) => self.frozen = false,
            // An application that has ended takes no signal: its exit is on its way.
            Ok(signal @ (Signal::SIGINT | Signal::SIGTERM)) => drop(self.signals.send(signal)),
            // As every program of Rust does.
            Ok(Signal::SIGPIPE) => {}
            // It catches no other, and the kernel would not ask it either.
            Ok(signal) => self.killed = self.killed.or(Some(signal)),
            Err(error) => tracing::debug!(%error, signal, "no such signal"),
        }
    }
}
