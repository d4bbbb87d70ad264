//! Listening on loopback.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    select,
    task::JoinSet,
};

use crate::SimError;

/// Binds an address; port 0 is any free one.
pub(crate) async fn bind(
    what: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), SimError> {
    let bound: io::Result<_> = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
    .await;
    bound.map_err(|source| SimError::Bind { what, address, source })
}

/// Serves connections for ever; when dropped, all of them are.
pub(crate) async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream, SocketAddr) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        select! {
            biased;
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let _ = stream.set_nodelay(true); // only slower without
                    connections.spawn(serve(stream, peer));
                }
                // Out of file descriptors, as a rule: better a pause than a spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
