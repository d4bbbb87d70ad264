//! Requests after which the connection speaks another protocol (RFC 9110, 7.8).

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::{Ask, Client, Kind, Unanswered, asking, read, unanswered};
use crate::place::Request;
use crate::response::Response;

/// A connection that speaks another protocol now.
pub(crate) type Upgraded = Box<dyn Duplex>;

/// Both ways of a connection.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Asks, and goes on in another protocol.
#[async_trait]
pub(crate) trait Connect: Ask {
    /// The answer, and the connection if it is `101`.
    async fn connect(&self, request: &Request) -> Result<(Response, Option<Upgraded>), Unanswered>;
}

#[async_trait]
impl Connect for Client {
    async fn connect(&self, request: &Request) -> Result<(Response, Option<Upgraded>), Unanswered> {
        let client = self.client(Kind::of(&request.url)).map_err(Unanswered::Blind)?;
        let answered = upgrade(client, request).await;
        answered.map_err(|error| unanswered(&error, &request.url))
    }
}

async fn upgrade(
    client: &reqwest::Client,
    request: &Request,
) -> reqwest::Result<(Response, Option<Upgraded>)> {
    let began = Instant::now();
    let answer = asking(client, request).send().await?;
    if answer.status().as_u16() != 101 {
        return Ok((read(answer, began).await?, None));
    }
    let (headers, took) = (answer.headers().clone(), began.elapsed());
    let (body, cut, certificate) = (Vec::new(), false, None);
    let response = Response { status: 101, headers, body, cut, took, certificate };
    Ok((response, Some(Box::new(answer.upgrade().await?))))
}
