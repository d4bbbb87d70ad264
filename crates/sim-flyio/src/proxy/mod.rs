//! The proxy: takes requests for apps, finds a machine by what it believes is true, relays.

mod autostop;
mod backend;
mod exchange;
mod failure;
mod headers;
mod lane;
mod ledger;
mod outgoing;
mod pick;
mod reach;
mod relay;
mod replay;
mod site;
mod tunnel;
mod wish;

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    time::interval,
};

pub(crate) use ledger::Ledgers;
pub use ledger::{Ledger, Lost};

use self::site::Site;
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
    sites: RwLock<HashMap<String, Arc<Site>>>,
}

impl Proxy {
    /// Begins to stop idle machines and to close idle connections, for as long as the tasks of
    /// the platform run.
    pub(crate) fn new(platform: Arc<Platform>, ledgers: Arc<Ledgers>) -> Arc<Self> {
        let proxy = Arc::new(Self { platform, ledgers, sites: RwLock::default() });
        proxy.platform.tasks.spawn(Arc::clone(&proxy).stop_idle_machines());
        proxy.platform.tasks.spawn(Arc::clone(&proxy).close_idle_connections());
        proxy
    }

    /// Serves one port for ever.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, scope: Scope) {
        let scope = Arc::new(scope);
        let connection =
            |stream, peer| connection(Arc::clone(&self), Arc::clone(&scope), stream, peer);
        accept(listener, connection).await;
    }

    /// What is kept for an app; `None` if there is no such app.
    fn site(&self, app: &str) -> Option<Arc<Site>> {
        let known = self.sites.read().unwrap_or_else(PoisonError::into_inner).get(app).cloned();
        let exists = || self.platform.read(|world| world.app(app).is_ok());
        match known {
            // An app with machines that run is there; only one without may be gone.
            Some(site) if site.view(&self.platform).has_addresses() || exists() => Some(site),
            Some(_) => {
                self.sites.write().unwrap_or_else(PoisonError::into_inner).remove(app);
                None
            }
            None => exists().then(|| {
                let mut sites = self.sites.write().unwrap_or_else(PoisonError::into_inner);
                let new = || Site::new(app, self.ledgers.account(app));
                Arc::clone(sites.entry(app.to_owned()).or_insert_with(new))
            }),
        }
    }

    async fn close_idle_connections(self: Arc<Self>) {
        let mut tick = interval(lane::IDLE / 4);
        loop {
            tick.tick().await;
            let sites = self.sites.read().unwrap_or_else(PoisonError::into_inner).clone();
            for site in sites.values() {
                site.sweep();
            }
        }
    }
}

async fn connection(proxy: Arc<Proxy>, scope: Arc<Scope>, stream: TcpStream, peer: SocketAddr) {
    let port = stream.local_addr().map_or(0, |address| address.port());
    let client = headers::Client::new(peer.ip(), port, &proxy.platform.config.edge_region);
    let shared = Arc::new((proxy, client));
    let service = service_fn(move |request| {
        let (shared, scope) = (Arc::clone(&shared), Arc::clone(&scope));
        async move {
            let (proxy, client) = &*shared;
            Ok::<_, Infallible>(proxy.exchange(&scope, client, request).await)
        }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = served.with_upgrades().await; // what went wrong with a request is in the ledger
}
