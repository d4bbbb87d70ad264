//! The way to an origin: its addresses, and TLS where it is spoken.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use reqwest::Url;
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::Error;

/// The way to an origin.
pub(crate) struct Route {
    pub(super) host: String,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) tls: Option<Tls>,
}

/// TLS to a name.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

/// Finds ways. Trusts what the system trusts; looks for that only when TLS is spoken.
#[derive(Clone, Default)]
pub(crate) struct Routes {
    trust: Arc<OnceLock<Result<Arc<ClientConfig>, String>>>,
}

impl Routes {
    #[cfg(test)]
    pub(crate) fn trusting(config: ClientConfig) -> Self {
        Self { trust: Arc::new(OnceLock::from(Ok(Arc::new(config)))) }
    }

    /// The way to the origin of `url`. Goes there directly, without a proxy: it would be measured, too.
    pub(crate) async fn find(&self, url: &Url) -> Result<Route, Error> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().unwrap_or(80);
        let tls = if url.scheme() == "https" { Some(self.tls(&host, url)?) } else { None };
        let found = tokio::net::lookup_host((host.as_str(), port)).await.map(Vec::from_iter);
        let addresses = match found {
            Ok(found) => found,
            Err(source) => return Err(Error::Dns { host, source }),
        };
        Ok(Route { host, addresses, tls })
    }

    fn tls(&self, host: &str, url: &Url) -> Result<Tls, Error> {
        if CryptoProvider::get_default().is_none() {
            return Err(Error::NoCryptoProvider);
        }
        let trust = self.trust.get_or_init(|| system_trust().map_err(|error| error.to_string()));
        let config = trust.as_ref().map_err(|reason| Error::Setup(reason.clone()))?;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| Error::Url { url: url.to_string(), reason: error.to_string() })?;
        Ok(Tls { connector: TlsConnector::from(config.clone()), name })
    }
}

impl Tls {
    pub(super) async fn connect(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").finish_non_exhaustive()
    }
}

/// HTTP/1.1 alone is offered: one request a connection at a time, so that none waits behind another.
fn system_trust() -> Result<Arc<ClientConfig>, rustls::Error> {
    let config = ClientConfig::builder().with_platform_verifier()?.with_no_client_auth();
    Ok(Arc::new(config))
}
