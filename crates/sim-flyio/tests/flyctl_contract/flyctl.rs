//! A client that speaks as flyctl does, and that is as easily upset.

use std::time::{Duration, Instant};

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use sim_flyio::{Image, SimConfig, SimFly};

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) const APP: &str = "shop";

pub(crate) struct Flyctl {
    pub(crate) sim: SimFly,
    client: reqwest::Client,
}

impl Flyctl {
    /// With an app that has nothing yet, and images v1, v2, sick (its checks never pass),
    /// broken (its release command fails) and gone (no machine can pull it). Machines are
    /// processes.
    pub(crate) async fn new() -> Self {
        Self::with(process, quick()).await
    }

    /// The same with machines that run inside the simulator.
    pub(crate) async fn inside() -> Self {
        Self::with(Image::inside, quick()).await
    }

    /// The same with machines inside, and calls that come too often are refused.
    pub(crate) async fn limited() -> Self {
        Self::with(Image::inside, SimConfig { rate_limits: true, ..quick() }).await
    }

    async fn with(program: fn(String) -> Image, config: SimConfig) -> Self {
        let sim = SimFly::start(config).await.unwrap();
        sim.create_app(APP);
        for (tag, key, value) in [
            ("v1", "APP_VERSION", "1"),
            ("v2", "APP_VERSION", "2"),
            ("sick", "HEALTH_FAILS", "1"),
            ("broken", "RELEASE_EXIT", "3"),
        ] {
            sim.register_image(program(image(tag)).env([(key, value)]));
        }
        sim.register_image(Image::new(image("gone"), ["none"]).unpullable());
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        Self { sim, client }
    }

    /// A call that has to succeed; its body.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        self.held(None, (method, path, body)).await
    }

    /// A call with a nonce that has to succeed; its body.
    pub(crate) async fn held(
        &self,
        nonce: Option<&str>,
        call: (Method, &str, Option<Value>),
    ) -> Value {
        let what = format!("{} {}", call.0, call.1);
        let (status, body) = self.send(nonce, call).await;
        assert!((200..300).contains(&status), "{what}: {status} {body}");
        body
    }

    /// Any call: its status, and its body (`null` if there is none).
    pub(crate) async fn send(
        &self,
        nonce: Option<&str>,
        (method, path, body): (Method, &str, Option<Value>),
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.sim.api_url());
        let mut request = self.client.request(method, url).headers(headers(path));
        request = request.bearer_auth(self.sim.token());
        if let Some(nonce) = nonce {
            request = request.header("fly-machine-lease-nonce", nonce);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, Some(body)).await
    }

    /// A query that has to be answered without errors; its data.
    pub(crate) async fn graphql(&self, query: &str, variables: Value) -> Value {
        let answer = self.post("/graphql", json!({ "query": query, "variables": variables })).await;
        assert_eq!(answer["errors"], Value::Null, "{query}: {answer}");
        answer["data"].clone()
    }

    /// The machines that live, as flyctl lists them; it skips what is on a bad host or unmanaged.
    pub(crate) async fn machines(&self) -> Vec<Value> {
        let listed = self.get(&machines()).await;
        let managed = |machine: &Value| {
            let metadata = &machine["config"]["metadata"];
            assert_eq!(machine["host_status"], "ok");
            machine["state"] != "destroying"
                && metadata["fly_platform_version"] == "v2"
                && metadata["fly_process_group"] != "fly_app_release_command"
        };
        listed.as_array().unwrap().iter().filter(|machine| managed(machine)).cloned().collect()
    }

    /// The methods and paths of all calls so far, ids and nonces left out.
    pub(crate) fn calls(&self) -> Vec<String> {
        let journal = self.sim.journal();
        let told = journal.iter().map(|call| {
            let hex = |part: &&str| part.len() >= 14 && part.bytes().all(|b| b.is_ascii_hexdigit());
            let parts = call.path.split('/').map(|part| if hex(&part) { "ID" } else { part });
            let query = if call.query.is_empty() { "" } else { "?" };
            let path = parts.collect::<Vec<_>>().join("/");
            format!("{} {path}{query}{}", call.method, call.query)
        });
        told.collect()
    }
}

fn quick() -> SimConfig {
    SimConfig {
        propagation: Duration::from_millis(50),
        check_speed: 50.0,
        boot: Duration::from_millis(10),
        ..SimConfig::default()
    }
}

fn process(name: String) -> Image {
    Image::new(name, [""; 0]).entrypoint([env!("CARGO_BIN_EXE_sim-app")])
}

/// flyctl names itself; its REST client for releases does so badly.
fn headers(path: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let web = path.starts_with("/api/");
    let agent =
        if web { "(interactive=true; parent=other)" } else { "flyctl/1.0.0 (parent=other)" };
    for (name, value) in [
        ("user-agent", agent),
        ("fly-client-interactive", "true"),
        ("fly-client-parent", "other"),
        ("content-type", "application/json"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

pub(crate) fn image(tag: &str) -> String {
    format!("registry.fly.io/{APP}:{tag}")
}

pub(crate) fn machines() -> String {
    format!("/v1/apps/{APP}/machines")
}

pub(crate) fn id(machine: &Value) -> &str {
    machine["id"].as_str().unwrap()
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
