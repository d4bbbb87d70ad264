//! The proxy: takes requests for apps, finds a machine by what it believes is true, relays.

mod backend;
mod exchange;
mod headers;
mod ledger;
mod pick;
mod relay;

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

pub(crate) use ledger::Ledgers;
pub use ledger::{Ledger, Lost};

use self::pick::Loads;
use crate::runtime::{Platform, accept};

/// Which app the requests of a port are for.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    /// The one that the host header names.
    ByHost,
    /// This one, whatever the host header says.
    App(String),
}

/// What all ports of the proxy share.
#[derive(Debug)]
pub(crate) struct Proxy {
    platform: Arc<Platform>,
    ledgers: Arc<Ledgers>,
    loads: Arc<Loads>,
}

impl Proxy {
    pub(crate) fn new(platform: Arc<Platform>, ledgers: Arc<Ledgers>) -> Arc<Self> {
        Arc::new(Self { platform, ledgers, loads: Arc::default() })
    }

    /// Serves one port for ever.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, scope: Scope) {
        let connection = |stream, peer| connection(Arc::clone(&self), scope.clone(), stream, peer);
        accept(listener, connection).await;
    }
}

async fn connection(proxy: Arc<Proxy>, scope: Scope, stream: TcpStream, peer: SocketAddr) {
    let port = stream.local_addr().map_or(0, |address| address.port());
    let service = service_fn(move |request| {
        let (proxy, scope) = (Arc::clone(&proxy), scope.clone());
        async move {
            let client = headers::Client { address: peer.ip(), port };
            Ok::<_, Infallible>(proxy.exchange(&scope, client, request).await)
        }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = served.await; // what went wrong with a request is in the ledger
}
