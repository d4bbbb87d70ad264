//! One connection to a machine, for one request.

use std::{io, pin::Pin, time::Duration};

use hyper::{Request, Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{select, time::timeout};

use crate::{
    runtime::{Connection, Platform},
    world::Address,
};

/// A process that does not even accept in this time is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Drives a connection; has to be polled for the body to come.
pub(super) type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// Connects to the process of a machine. Until this succeeds, it has seen nothing of the request.
pub(super) async fn connect(platform: &Platform, address: Address) -> io::Result<Connection> {
    let connected = timeout(CONNECT_TIMEOUT, platform.dial(address)).await;
    connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Sends a request and waits for the head of its answer.
pub(super) async fn send(
    stream: Connection,
    request: Request<Incoming>,
) -> hyper::Result<(Response<Incoming>, Option<Driver>)> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut driver: Driver = Box::pin(connection);
    let answer = sender.send_request(request);
    tokio::pin!(answer);
    select! {
        biased;
        answer = &mut answer => Ok((answer?, Some(driver))),
        // All that will come has come: the answer is here, or never will be.
        _ = &mut driver => Ok((answer.await?, None)),
    }
}
