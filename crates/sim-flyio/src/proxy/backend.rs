//! Connections to machines.

use std::{future::poll_fn, io, pin::Pin, task::Poll, time::Duration};

use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    time::timeout,
};

use super::outgoing::Outgoing;
use crate::{runtime::Platform, world::Address};

/// A process that does not even accept in this time is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Drives a connection; has to be polled for anything to come.
type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// A connection to a machine. It is driven by whoever holds it, and closed when it is dropped.
pub(super) struct Link {
    sender: SendRequest<Outgoing>,
    /// `None` when the connection has ended.
    driver: Option<Driver>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("open", &self.driver.is_some()).finish_non_exhaustive()
    }
}

/// What became of a request that was given to a connection.
pub(super) enum Sent {
    /// The head of the answer is here.
    Answered(Response<Incoming>),
    /// Not a byte of it was written: it may go elsewhere.
    Unseen(Request<Outgoing>, hyper::Error),
    /// Some of it was written, so the machine may have acted on it.
    Broken(hyper::Error),
}

impl Link {
    /// Connects to the process of a machine, which sees nothing of any request by that.
    pub(super) async fn connect(platform: &Platform, address: Address) -> io::Result<Self> {
        let connected = timeout(CONNECT_TIMEOUT, platform.dial(address)).await;
        let stream = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Self::over(stream).await
    }

    /// Speaks HTTP over a connection.
    pub(super) async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> io::Result<Self> {
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(io::Error::other)?;
        Ok(Self { sender, driver: Some(Box::pin(connection.with_upgrades())) })
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(&mut self, request: Request<Outgoing>) -> Sent {
        let answer = self.sender.try_send_request(request);
        tokio::pin!(answer);
        let driver = self.driver.as_mut().expect("only open links are used");
        let answered = select! {
            biased;
            answered = &mut answer => answered,
            // All that will come has come: the answer is here, or never will be.
            _ = driver => {
                self.driver = None;
                answer.await
            }
        };
        match answered {
            Ok(response) => Sent::Answered(response),
            Err(mut error) => match error.take_message() {
                Some(request) => Sent::Unseen(request, error.into_error()),
                None => Sent::Broken(error.into_error()),
            },
        }
    }

    /// Does what there is to do now.
    pub(super) fn drive(&mut self, cx: &mut std::task::Context<'_>) {
        if self.driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
            self.driver = None;
        }
    }

    /// Whether the connection could take a request now; it has been looked at for news.
    pub(super) fn is_free(&mut self, cx: &mut std::task::Context<'_>) -> bool {
        self.drive(cx);
        self.driver.is_some() && self.sender.is_ready()
    }

    /// The same from async code.
    pub(super) async fn is_free_now(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(self.is_free(cx))).await
    }

    /// Drives the connection to its end, which for an upgraded one comes at once.
    pub(super) async fn finish(self) {
        if let Some(driver) = self.driver {
            let _ = driver.await; // the end is all that is asked for
        }
    }
}
