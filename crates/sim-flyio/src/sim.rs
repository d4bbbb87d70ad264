//! The simulator as its users hold it.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use crate::{
    ApiCall, ApiRequest, Fault, FaultId, FaultStatus, Image, Ledger, Listen, MachineView,
    SimConfig, SimError, Verdict,
    api::{self, Api, Hook},
    journal::Journal,
    proxy::{Ledgers, Proxy, Scope},
    runtime::{Platform, accept, bind, lock},
};

/// A Fly.io on loopback: a Machines API, a proxy, and machines that are real processes.
///
/// All of it ends with this value, whether it is shut down or dropped.
#[derive(Debug)]
pub struct SimFly {
    platform: Arc<Platform>,
    api: Arc<Api>,
    proxy: Arc<Proxy>,
    api_url: String,
    proxy_url: String,
    app_urls: tokio::sync::Mutex<HashMap<String, String>>,
}

impl SimFly {
    /// Starts a simulator without apps and images. Must be called within a tokio runtime, which
    /// has to outlive it.
    pub async fn start(config: SimConfig) -> Result<Self, SimError> {
        check(&config)?;
        // All ports before anything runs or is overwritten: a start that fails leaves no trace.
        let at = |port| SocketAddr::new(config.listen.ip, port);
        let (listener, address) = bind("Machines API", at(config.listen.api_port)).await?;
        let (users, proxy_address) = bind("proxy", at(config.listen.proxy_port)).await?;
        let journal = Journal::at(config.journal.as_deref()).map_err(|source| {
            let path = config.journal.as_ref().map(|path| path.display().to_string());
            SimError::Journal { path: path.unwrap_or_default(), source }
        })?;
        let platform = Platform::new(config, journal);
        let ledgers = Arc::<Ledgers>::default();
        let api = Arc::new(Api::new(Arc::clone(&platform), Arc::clone(&ledgers)));
        let proxy = Proxy::new(Arc::clone(&platform), ledgers);
        let router = api::router(Arc::clone(&api));
        platform.tasks.spawn(async move {
            accept(listener, |stream, _| api::serve(router.clone(), stream)).await;
        });
        let api_url = format!("http://{address}");
        platform.tasks.spawn(Arc::clone(&proxy).serve(users, Scope::ByHost));
        let proxy_url = format!("http://{proxy_address}");
        let app_urls = tokio::sync::Mutex::default();
        Ok(Self { platform, api, proxy, api_url, proxy_url, app_urls })
    }

    /// What `FLY_FLAPS_BASE_URL` points at: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn api_url(&self) -> String {
        self.api_url.clone()
    }

    /// The proxy. It routes by host header: `<app>.fly.dev`, `<app>.localhost` or `<app>`, with or
    /// without a port.
    #[must_use]
    pub fn proxy_url(&self) -> String {
        self.proxy_url.clone()
    }

    /// A port of the proxy for this app alone, whatever the host header says. It is bound on
    /// first use and then stays.
    pub async fn app_url(&self, app: &str) -> Result<String, SimError> {
        if self.platform.read(|world| world.app(app).is_err()) {
            return Err(SimError::UnknownApp { app: app.to_owned() });
        }
        let mut urls = self.app_urls.lock().await;
        if let Some(url) = urls.get(app) {
            return Ok(url.clone());
        }
        let any = SocketAddr::new(self.platform.config.listen.ip, 0);
        let (listener, address) = bind("proxy of an app", any).await?;
        let scope = Scope::App(app.to_owned());
        self.platform.tasks.spawn(Arc::clone(&self.proxy).serve(listener, scope));
        Ok(urls.entry(app.to_owned()).or_insert(format!("http://{address}")).clone())
    }

    /// The only token that is accepted.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.platform.config.token
    }

    /// Creates an app; one that is there already stays as it is.
    ///
    /// # Panics
    ///
    /// If `name` cannot be the name of an app: only `a-z`, `0-9` and dashes can.
    pub fn create_app(&self, name: &str) {
        let created = self.platform.commit(|world| world.create_app(name).map(|_| ()));
        if let Err(refusal) = created {
            assert_eq!(refusal.status, 422, "app '{name}': {}", refusal.error);
        }
    }

    /// Puts an image into the registry; returns its digest, `sha256:…`. The reference then means
    /// this image, and `repository:tag@digest` always will.
    pub fn register_image(&self, image: Image) -> String {
        self.platform.commit(|world| world.host.registry.add(image))
    }

    /// Takes the image that a reference means now out of the registry, as Fly.io does with old ones;
    /// false if there is none. Nothing can pull it any more, under whatever name: a machine that
    /// runs it goes on until it stops.
    pub fn forget_image(&self, reference: &str) -> bool {
        self.platform.commit(|world| world.host.registry.forget(reference))
    }

    /// The truth about the machines of an app, oldest first; destroyed ones for five minutes.
    #[must_use]
    pub fn machines(&self, app: &str) -> Vec<MachineView> {
        self.platform.read(|world| world.views(app)).unwrap_or_default()
    }

    /// What the users of an app got to see.
    #[must_use]
    pub fn ledger(&self, app: &str) -> Ledger {
        self.api.ledgers.of(app)
    }

    /// The calls of the Machines API and of the web API so far, in the order of arrival; the last
    /// 100,000 of them.
    #[must_use]
    pub fn journal(&self) -> Vec<ApiCall> {
        self.platform.journal.calls()
    }

    /// Why the file of the journal is not complete, if it is not.
    #[must_use]
    pub fn journal_trouble(&self) -> Option<String> {
        self.platform.journal.trouble()
    }

    /// Lets a fault strike from now on. A hook is asked before any fault; faults meet a call in the
    /// order of injection.
    pub fn inject(&self, fault: Fault) -> FaultId {
        self.platform.inject(fault)
    }

    /// All faults that are injected, and how often each struck.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultStatus> {
        self.platform.faults()
    }

    /// Takes one fault away; false if there is none of this name.
    pub fn remove_fault(&self, id: FaultId) -> bool {
        self.platform.remove_fault(id)
    }

    /// Takes all faults away. What they did to machines stays: a lease that a stranger holds, a
    /// program that is going to crash.
    pub fn clear_faults(&self) {
        self.platform.clear_faults();
    }

    /// Lets `hook` decide about every call of the Machines API from now on, in place of an
    /// earlier hook. It is asked before the call takes effect and after, on a thread of the
    /// runtime: it must not block for long.
    pub fn on_api_call(&self, hook: impl Fn(&ApiRequest) -> Verdict + Send + Sync + 'static) {
        *lock(&self.api.hook) = Some(Hook(Arc::new(hook)));
    }

    /// Kills all machines and closes all ports, and returns when that is done.
    pub async fn shutdown(self) {
        self.platform.end().await;
    }
}

impl Drop for SimFly {
    fn drop(&mut self) {
        self.platform.close();
        self.platform.journal.close();
    }
}

fn check(config: &SimConfig) -> Result<(), SimError> {
    if !(config.check_speed.is_finite() && config.check_speed > 0.0) {
        return Err(SimError::CheckSpeed(config.check_speed));
    }
    let Listen { ip, exposed, .. } = config.listen;
    if !ip.is_loopback() && !exposed {
        return Err(SimError::Exposed { ip });
    }
    let Some(dir) = &config.log_dir else { return Ok(()) };
    std::fs::create_dir_all(dir)
        .map_err(|source| SimError::LogDir { path: dir.display().to_string(), source })
}
