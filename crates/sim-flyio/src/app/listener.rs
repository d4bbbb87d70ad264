//! Where connections come from: a port of this host, or the simulator around.

use std::{io, net::Ipv4Addr};

use tokio::net::TcpListener;

use super::AppError;
use crate::runtime::{Connection, Door, Opener};

/// A way in that is not open yet.
#[derive(Debug)]
pub(crate) enum Incoming {
    Port(u16),
    Inside(Opener),
}

impl Incoming {
    pub(super) async fn listen(self) -> Result<Listener, AppError> {
        match self {
            Self::Inside(opener) => Ok(Listener::Inside(opener.open())),
            Self::Port(port) => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
                listener.map(Listener::Port).map_err(|source| AppError::Listen { port, source })
            }
        }
    }
}

/// A way in that is open until it is dropped.
#[derive(Debug)]
pub(super) enum Listener {
    Port(TcpListener),
    Inside(Door),
}

impl Listener {
    pub(super) async fn accept(&mut self) -> io::Result<Connection> {
        match self {
            Self::Inside(door) => Ok(Connection::Pipe(door.next().await)),
            Self::Port(listener) => {
                let (stream, _) = listener.accept().await?;
                let _ = stream.set_nodelay(true); // only slower without
                Ok(Connection::Socket(stream))
            }
        }
    }
}
