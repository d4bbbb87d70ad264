//! Connecting to the program of a machine, wherever it runs.

use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex},
    net::TcpStream,
    sync::mpsc,
};

use super::{Platform, lock};
use crate::world::Address;

/// How much one side of a connection inside the simulator may send ahead of the other.
const BUFFER: usize = 16 << 10;

/// The applications inside the simulator that take connections, by their boot.
#[derive(Debug, Default)]
pub(crate) struct Doors(Mutex<HashMap<u64, mpsc::UnboundedSender<DuplexStream>>>);

/// A door that is closed still.
#[derive(Debug)]
pub(crate) struct Opener {
    doors: Arc<Doors>,
    boot: u64,
}

impl Opener {
    pub(crate) fn open(self) -> Door {
        let (sender, knocks) = mpsc::unbounded_channel();
        lock(&self.doors.0).insert(self.boot, sender);
        Door { doors: self.doors, boot: self.boot, knocks }
    }
}

/// Takes connections until it is dropped.
#[derive(Debug)]
pub(crate) struct Door {
    doors: Arc<Doors>,
    boot: u64,
    knocks: mpsc::UnboundedReceiver<DuplexStream>,
}

impl Door {
    pub(crate) async fn next(&mut self) -> DuplexStream {
        match self.knocks.recv().await {
            Some(stream) => stream,
            None => std::future::pending().await,
        }
    }

    /// Takes no more connections; returns those that it had not looked at.
    pub(crate) fn close(mut self) -> Vec<DuplexStream> {
        self.knocks.close();
        std::iter::from_fn(|| self.knocks.try_recv().ok()).collect()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        lock(&self.doors.0).remove(&self.boot);
    }
}

impl Doors {
    pub(super) fn opener(self: &Arc<Self>, boot: u64) -> Opener {
        Opener { doors: Arc::clone(self), boot }
    }

    /// Whether the application of a boot takes connections.
    pub(super) fn is_open(&self, boot: u64) -> bool {
        lock(&self.0).contains_key(&boot)
    }

    fn knock(&self, boot: u64) -> io::Result<DuplexStream> {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let door = lock(&self.0).get(&boot).cloned().ok_or_else(refused)?;
        let (ours, theirs) = duplex(BUFFER);
        door.send(theirs).map_err(|_| refused())?;
        Ok(ours)
    }
}

/// A connection to the program of a machine.
#[derive(Debug)]
pub(crate) enum Connection {
    /// To a process.
    Socket(TcpStream),
    /// To an application inside the simulator.
    Pipe(DuplexStream),
}

impl Platform {
    /// Connects. Until this succeeds, the program has seen nothing.
    pub(crate) async fn dial(&self, address: Address) -> io::Result<Connection> {
        match address {
            Address::Inside(boot) => self.doors.knock(boot).map(Connection::Pipe),
            Address::Loopback(port) => {
                let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
                stream.set_nodelay(true)?;
                Ok(Connection::Socket(stream))
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Socket(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Pipe(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Socket(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Pipe(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Socket(stream) => Pin::new(stream).poll_flush(cx),
            Self::Pipe(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Socket(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Pipe(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_that_closes_hands_over_who_has_knocked_and_takes_nobody_after_it() {
        let doors = Arc::<Doors>::default();
        let door = doors.opener(1).open();
        let _early = doors.knock(1).unwrap();
        assert_eq!(door.close().len(), 1);
        assert!(doors.knock(1).is_err() && !doors.is_open(1));
    }
}
