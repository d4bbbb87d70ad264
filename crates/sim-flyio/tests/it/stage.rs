//! A simulator with one app, three images and a client.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use sim_flyio::{Image, MachineView, SimConfig, SimFly};

use crate::{deviations, openapi, schema::Findings};

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) struct Stage {
    pub(crate) sim: SimFly,
    client: reqwest::Client,
    /// Where replies differed from the official description, as they are known to.
    pub(crate) deviations: Mutex<Findings>,
    /// Which keys of the description replies had.
    pub(crate) keys: Mutex<Findings>,
}

/// A reply of the API: status and body (`null` if there is none).
pub(crate) type Reply = (u16, Value);

impl Stage {
    /// Fast in everything, but with the times of the platform in proportion.
    pub(crate) async fn new() -> Self {
        Self::with(SimConfig::default()).await
    }

    pub(crate) async fn with(config: SimConfig) -> Self {
        let config = SimConfig {
            propagation: Duration::from_millis(100),
            check_speed: 50.0,
            boot: Duration::from_millis(10),
            ..config
        };
        Self::exactly(config).await
    }

    /// With exactly these settings.
    pub(crate) async fn exactly(config: SimConfig) -> Self {
        let sim = SimFly::start(config).await.unwrap();
        sim.create_app("shop");
        sim.register_image(image("v1", &[]));
        sim.register_image(image("v2", &[]));
        sim.register_image(image("gone", &[]).unpullable());
        Self { sim, client: client(), deviations: Mutex::default(), keys: Mutex::default() }
    }

    /// Adds an image that behaves as `env` says; returns its reference.
    pub(crate) fn image(&self, tag: &str, env: &[(&str, &str)]) -> String {
        self.sim.register_image(image(tag, env));
        reference(tag)
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.call_with(method, path, (body, None)).await
    }

    /// A call with a body and a lease nonce.
    pub(crate) async fn call_with(
        &self,
        method: Method,
        path: &str,
        (body, nonce): (Option<Value>, Option<&str>),
    ) -> Reply {
        self.try_call(method, path, (body, nonce)).await.unwrap()
    }

    pub(crate) async fn try_call(
        &self,
        method: Method,
        path: &str,
        (body, nonce): (Option<Value>, Option<&str>),
    ) -> reqwest::Result<Reply> {
        let url = format!("{}{path}", self.sim.api_url());
        let verb = method.to_string();
        let mut request = self.client.request(method, url).bearer_auth(self.sim.token());
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some(nonce) = nonce {
            request = request.header("fly-machine-lease-nonce", nonce);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body: Option<Value> = serde_json::from_str(&text).ok();
        self.assert_described((&verb, path), (status, body.as_ref()));
        Ok((status, body.unwrap_or(Value::Null)))
    }

    /// Holds every reply against the official description, except those that a test gave itself.
    fn assert_described(&self, call: (&str, &str), reply: (u16, Option<&Value>)) {
        let path = call.1.split('?').next().unwrap_or(call.1);
        let calls = self.sim.journal();
        let mut same = calls.iter().filter(|it| it.method == call.0 && it.path == path);
        if same.any(|it| it.fault.is_some()) {
            return;
        }
        if let Some(body) = reply.1 {
            self.keys.lock().unwrap().extend(openapi::keys(call, (reply.0, body)));
        }
        for difference in openapi::differences(call, reply) {
            let known = deviations::is_known(&difference);
            assert!(known, "{call:?} differs from the description: {difference}\n{reply:?}");
            self.deviations.lock().unwrap().insert(difference);
        }
    }

    pub(crate) async fn get(&self, path: impl AsRef<str>) -> Reply {
        self.call(Method::GET, path.as_ref(), None).await
    }

    pub(crate) async fn post(&self, path: impl AsRef<str>, body: Value) -> Reply {
        self.call(Method::POST, path.as_ref(), Some(body)).await
    }

    /// A call without a body: start, stop, cordon, …
    pub(crate) async fn act(&self, path: impl AsRef<str>) -> Reply {
        self.call(Method::POST, path.as_ref(), None).await
    }

    pub(crate) async fn delete(&self, path: impl AsRef<str>) -> Reply {
        self.call(Method::DELETE, path.as_ref(), None).await
    }

    /// Creates a machine; returns its path.
    pub(crate) async fn create(&self, body: Value) -> String {
        let (status, machine) = self.post(MACHINES, body).await;
        assert_eq!(status, 200, "{machine}");
        path(machine["id"].as_str().unwrap())
    }

    /// Creates a machine and waits until it is started.
    pub(crate) async fn started(&self, config: Value) -> String {
        let path = self.create(json!({ "config": config })).await;
        self.wait(&path, "started").await;
        path
    }

    pub(crate) async fn wait(&self, path: &str, state: &str) {
        let (status, reply) = self.get(&format!("{path}/wait?state={state}&timeout=60")).await;
        assert_eq!(status, 200, "waited for {state}: {reply}");
    }

    /// Waits until somebody has called this, query included.
    pub(crate) async fn called(&self, wanted: &str) {
        eventually("a call", async || {
            let journal = self.sim.journal();
            let mut calls = journal.iter().map(|call| format!("{}?{}", call.path, call.query));
            calls.any(|call| call == wanted).then_some(())
        })
        .await;
    }

    pub(crate) fn truth(&self, path: &str) -> MachineView {
        let id = path.rsplit('/').next().unwrap();
        self.sim.machines("shop").into_iter().find(|machine| machine.id == id).unwrap()
    }

    /// The newest event of a kind.
    pub(crate) async fn event(&self, path: &str, kind: &str) -> Value {
        let (_, events) = self.get(&format!("{path}/events")).await;
        let events = events.as_array().unwrap().clone();
        let found = events.iter().find(|event| event["type"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {events:?}")).clone()
    }

    /// A request through the proxy of the app, to a path, with headers.
    pub(crate) async fn visit(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<reqwest::Response> {
        let mut request = self.client.get(self.sim.app_url("shop").await.unwrap() + path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await
    }
}

pub(crate) const MACHINES: &str = "/v1/apps/shop/machines";

pub(crate) fn path(machine: &str) -> String {
    format!("{MACHINES}/{machine}")
}

pub(crate) fn reference(tag: &str) -> String {
    format!("registry.fly.io/shop:{tag}")
}

pub(crate) fn image(tag: &str, env: &[(&str, &str)]) -> Image {
    let env = env.iter().copied().chain([("APP_VERSION", tag)]);
    Image::new(reference(tag), [env!("CARGO_BIN_EXE_sim-app")]).env(env)
}

/// A machine of the web app, with one service and one check. That is as patient as the platform lets
/// it be: no machine becomes critical because the host of the tests has much to do.
pub(crate) fn config(tag: &str) -> Value {
    json!({
        "image": reference(tag),
        "metadata": { "fly_platform_version": "v2", "fly_process_group": "app" },
        "services": [{
            "protocol": "tcp",
            "internal_port": 8080,
            "ports": [{ "port": 443, "handlers": ["http", "tls"] }],
            "checks": [{
                "type": "http",
                "path": "/api/v1/health",
                "interval": "1s",
                "timeout": "60s",
                "grace_period": "1s",
            }],
        }],
    })
}

/// A client for loopback. Without certificates to read it is made in no time.
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

/// Looks again and again until `look` finds something.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
