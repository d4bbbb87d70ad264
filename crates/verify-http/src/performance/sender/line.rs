//! One connection, HTTP/1.1: opened ahead, kept, and driven by the request that is on it, so that nothing runs on
//! by itself.

use std::io;
use std::pin::{Pin, pin};

use futures::future::{Either, select};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::route::Route;

pub(crate) type Outgoing = hyper::Request<Empty<Bytes>>;

/// An open connection.
pub(super) struct Line {
    sender: SendRequest<Empty<Bytes>>,
    connection: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
    /// Was there an answer on it before?
    used: bool,
    ended: bool,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// The other side had closed the connection before the request left: another one may be tried.
    Stale,
    /// In words that follow the request.
    Silent(String),
}

impl Line {
    pub(super) async fn open(route: &Route) -> io::Result<Self> {
        let stream = connect(route).await?;
        stream.set_nodelay(true)?;
        match &route.tls {
            Some(tls) => Self::over(tls.connect(stream).await?).await,
            None => Self::over(stream).await,
        }
    }

    async fn over<S>(stream: S) -> io::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Self { sender, connection: Box::pin(connection), used: false, ended: false })
    }

    /// Can it take another request?
    pub(super) fn is_open(&self) -> bool {
        !self.ended
    }

    /// Sends a request and reads the answer to its end.
    pub(super) async fn ask(&mut self, request: &Outgoing) -> Result<Answer, Broken> {
        let asking = pin!(exchange(&mut self.sender, request.clone()));
        let result = match select(asking, &mut self.connection).await {
            Either::Left((result, _)) => result,
            Either::Right((end, asking)) => {
                self.ended = true;
                // What came before the end is an answer all the same.
                asking.await.map_err(|unsent| Unanswered {
                    error: end.err().unwrap_or(unsent.error),
                    ..unsent
                })
            }
        };
        let used = std::mem::replace(&mut self.used, true);
        result.map_err(|it| {
            self.ended = true;
            if used && !it.sent { Broken::Stale } else { Broken::Silent(words(&it.error)) }
        })
    }
}

struct Unanswered {
    error: hyper::Error,
    /// Did the request leave?
    sent: bool,
}

async fn exchange(
    sender: &mut SendRequest<Empty<Bytes>>,
    request: Outgoing,
) -> Result<Answer, Unanswered> {
    sender.ready().await.map_err(|error| Unanswered { error, sent: false })?;
    let lost = |error| Unanswered { error, sent: true };
    let (head, mut body) = sender.send_request(request).await.map_err(lost)?.into_parts();
    while let Some(frame) = body.frame().await {
        frame.map_err(lost)?;
    }
    Ok(Answer { status: head.status.as_u16(), headers: head.headers })
}

/// The first address that answers, in the order of the resolver. An address that this machine has no way to, such as one of
/// IPv6, says nothing where another one was reached and refused.
async fn connect(route: &Route) -> io::Result<TcpStream> {
    let mut told = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut reached = false;
    for address in &route.addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                let here = matches!(
                    error.kind(),
                    io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown
                );
                if !here || !reached {
                    told = error;
                }
                reached |= !here;
            }
        }
    }
    Err(told)
}

/// "connection reset", as far as the cause is known, without the system's number.
fn words(error: &hyper::Error) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(it) = cause {
        match it.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(kind) if kind != io::ErrorKind::Other => return format!("did not answer: {kind}"),
            _ => cause = it.source(),
        }
    }
    format!("did not answer: {error}")
}
