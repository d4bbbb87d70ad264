//! Where connections come from: a port of this host, or the simulator around.

use std::{io, net::Ipv4Addr};

use tokio::net::{TcpListener, TcpStream};

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
            Self::Port(listener) => Ok(socket(listener.accept().await?.0)),
        }
    }

    /// Closes the way in; returns who has come already. They were connected before anybody here
    /// looked, and would be cut off otherwise.
    pub(super) fn close(self) -> Vec<Connection> {
        match self {
            Self::Inside(door) => door.close().into_iter().map(Connection::Pipe).collect(),
            Self::Port(listener) => waiting(listener).unwrap_or_default(),
        }
    }
}

fn socket(stream: TcpStream) -> Connection {
    let _ = stream.set_nodelay(true); // only slower without
    Connection::Socket(stream)
}

/// Asks the kernel itself: tokio may not have heard yet of the last ones.
fn waiting(listener: TcpListener) -> io::Result<Vec<Connection>> {
    let listener = listener.into_std()?;
    let mut come = Vec::new();
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                come.push(socket(TcpStream::from_std(stream)?));
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {} // it went by itself
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Ok(come), // that it would block
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn who_has_come_before_the_end_is_let_in_and_nobody_after_it() {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = port.local_addr().unwrap();
        let mut early = TcpStream::connect(address).await.unwrap();
        let mut let_in = Listener::Port(port).close();
        assert_eq!(let_in.len(), 1);
        assert!(TcpStream::connect(address).await.is_err());
        let_in[0].write_all(b"hello").await.unwrap();
        let mut said = [0; 5];
        early.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"hello");
    }
}
