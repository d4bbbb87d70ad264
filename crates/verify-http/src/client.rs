//! The HTTP client: no redirects, bounded bodies, no proxy for loopback, and errors told apart by whose
//! they are: the other side's silence, or our own blindness.

mod upgrade;

pub(crate) use upgrade::{Connect, Upgraded};

use std::error::Error as StdError;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::tls::{Certificate, TlsInfo};
use rustls::crypto::CryptoProvider;
use thiserror::Error as ThisError;
use tokio::time::Instant;

use crate::error::Error;
use crate::place::Request;
use crate::response::{BODY_LIMIT, Response};

/// What came of a request.
pub(crate) type Asked = Result<Response, Unanswered>;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The other side did not answer; in words that follow the request.
    Silent(String),
    /// This side could not ask.
    Blind(Error),
}

/// Asks over HTTP. Apart from its one implementation there are scripted ones in tests.
#[async_trait]
pub(crate) trait Ask: Send + Sync {
    async fn ask(&self, request: &Request) -> Asked;
}

/// What becomes of a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// It is closed: every request shows that a new visitor gets in.
    Fresh,
    /// It is kept: what is measured is the application, not the way to it.
    Kept,
}

/// An HTTP client. Cheap to clone.
///
/// It does not follow redirects, reads at most 1 MiB of a body and trusts what the system trusts. Proxies are
/// the system's, but never for loopback.
#[derive(Clone, Debug)]
pub struct Client {
    connections: Connections,
    /// Trusted beside what the system trusts.
    trusted: Vec<Certificate>,
    /// One for each [`Kind`]: made when first needed, since a plain one works without any certificates.
    clients: Arc<[OnceLock<Result<reqwest::Client, String>>; 4]>,
}

#[derive(Clone, Copy)]
struct Kind {
    loopback: bool,
    tls: bool,
}

/// A name that did not resolve, to be found again inside the error that reqwest makes of it.
#[derive(Debug, ThisError)]
#[error("{host} does not resolve")]
struct Unresolved {
    host: String,
    kind: io::ErrorKind,
    message: String,
}

struct SystemResolver;

impl Client {
    /// A client. The program must have installed a rustls crypto provider before.
    pub fn new(connections: Connections) -> Result<Self, Error> {
        match CryptoProvider::get_default() {
            Some(_) => Ok(Self { connections, trusted: Vec::new(), clients: Arc::default() }),
            None => Err(Error::NoCryptoProvider),
        }
    }

    /// The same client, which trusts this certificate (DER), too: that of an authority of one's own.
    pub fn trusting(mut self, der: &[u8]) -> Result<Self, Error> {
        let read = Certificate::from_der(der);
        self.trusted.push(read.map_err(|error| Error::Setup(innermost(&error)))?);
        // Those that are made already trust it not.
        self.clients = Arc::default();
        Ok(self)
    }

    fn client(&self, kind: Kind) -> Result<&reqwest::Client, Error> {
        let slot = usize::from(kind.loopback) * 2 + usize::from(kind.tls);
        let made = self.clients[slot].get_or_init(|| self.build(kind));
        made.as_ref().map_err(|reason| Error::Setup(reason.clone()))
    }

    fn build(&self, kind: Kind) -> Result<reqwest::Client, String> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("pipeline/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .tls_info(true)
            .dns_resolver(SystemResolver);
        if kind.loopback {
            builder = builder.no_proxy();
        }
        builder = if kind.tls {
            builder.tls_certs_merge(self.trusted.iter().cloned())
        } else {
            builder.tls_certs_only([])
        };
        if self.connections == Connections::Fresh {
            builder = builder.pool_max_idle_per_host(0);
        }
        builder.build().map_err(|error| innermost(&error))
    }
}

fn asking(client: &reqwest::Client, request: &Request) -> reqwest::RequestBuilder {
    let (method, url) = (request.method.clone(), request.url.clone());
    let asking = client.request(method, url).headers(request.headers.clone());
    match &request.body {
        Some(body) => asking.body(body.clone()),
        None => asking,
    }
}

async fn send(client: &reqwest::Client, request: &Request) -> reqwest::Result<Response> {
    let began = Instant::now();
    read(asking(client, request).send().await?, began).await
}

/// The whole answer, as far as it is read.
async fn read(mut answer: reqwest::Response, began: Instant) -> reqwest::Result<Response> {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let tls = answer.extensions().get::<TlsInfo>();
    let certificate = tls.and_then(TlsInfo::peer_certificate).map(Arc::from);
    let (mut body, mut cut) = (Vec::new(), false);
    while let Some(chunk) = answer.chunk().await? {
        let room = BODY_LIMIT - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            cut = true;
            break;
        }
    }
    Ok(Response { status, headers, body, cut, took: began.elapsed(), certificate })
}

#[async_trait]
impl Ask for Client {
    async fn ask(&self, request: &Request) -> Asked {
        let kind = Kind::of(&request.url);
        let client = self.client(kind).map_err(Unanswered::Blind)?;
        let answer = send(client, request).await;
        answer.map_err(|error| unanswered(&error, &request.url))
    }
}

impl Kind {
    fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let local = host == "localhost" || host.ends_with(".localhost");
        let loopback = local || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
        Self { loopback, tls: url.scheme() == "https" }
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await.map(Vec::from_iter);
            let unresolved = |error: io::Error| {
                let (kind, message) = (error.kind(), error.to_string());
                Unresolved { host, kind, message }
            };
            Ok(Box::new(found.map_err(unresolved)?.into_iter()) as Addrs)
        })
    }
}

/// Whose fault it is that there is no answer.
fn unanswered(error: &reqwest::Error, url: &Url) -> Unanswered {
    let host = url.host_str().unwrap_or_default().to_owned();
    if let Some(unresolved) = find::<Unresolved>(error) {
        let source = io::Error::new(unresolved.kind, unresolved.message.clone());
        return Unanswered::Blind(Error::Dns { host: unresolved.host.clone(), source });
    }
    if error.is_builder() || error.is_request() && url.host_str().is_none() {
        let (url, reason) = (url.to_string(), innermost(error));
        return Unanswered::Blind(Error::Url { url, reason });
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return Unanswered::Silent(not_over_tls(tls));
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(kind @ (io::ErrorKind::NetworkDown | io::ErrorKind::NetworkUnreachable)) => {
            Unanswered::Blind(Error::Network { host, source: kind.into() })
        }
        // The kind alone: "connection refused" without the system's number.
        Some(kind) if !matches!(kind, io::ErrorKind::Other | io::ErrorKind::InvalidData) => {
            Unanswered::Silent(format!("did not answer: {kind}"))
        }
        _ => Unanswered::Silent(format!("did not answer: {}", innermost(error))),
    }
}

/// Why there is no connection over TLS, in words that follow the request.
fn not_over_tls(error: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    let rustls::Error::InvalidCertificate(bad) = error else {
        return format!("did not answer over TLS: {error}");
    };
    let why = match bad {
        Bad::UnknownIssuer => {
            "this machine trusts nobody who signed it: it is self-signed, its chain is incomplete, or its authority is a private one"
                .to_owned()
        }
        Bad::Expired | Bad::ExpiredContext { .. } => "it has expired; renew it".to_owned(),
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "it is not valid yet; compare the clocks of both sides".to_owned()
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            "it was made for another name".to_owned()
        }
        other => other.to_string(),
    };
    format!("has a certificate that cannot be trusted: {why}")
}

/// An error and all it came from. An I/O error does not name what it wraps as its source, so it is asked.
fn chain<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |it| {
        let wrapped = it.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|it| it as &(dyn StdError + 'static)).or_else(|| (*it).source())
    })
}

/// The last of its kind, which is nearest to the cause.
fn find<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    chain(error).filter_map(|it| it.downcast_ref::<E>()).last()
}

/// The first cause, which says most. It names no address, so no secret in one either.
fn innermost(error: &reqwest::Error) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_by_address_or_name() {
        let kind = |url: &str| {
            let kind = Kind::of(&url.parse().unwrap());
            (kind.loopback, kind.tls)
        };
        assert_eq!(kind("http://127.0.0.1:4000/"), (true, false));
        assert_eq!(kind("http://[::1]:4000/"), (true, false));
        assert_eq!(kind("https://shop.localhost/"), (true, true));
        assert_eq!(kind("https://shop.fly.dev/"), (false, true));
        assert_eq!(kind("http://127.0.0.1.example/"), (false, false));
    }
}
