//! A simulated app with machines as flyctl would have made them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use sim_flyio::{Image, MachineView, SimConfig, SimFly};
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};
use tokio::task::JoinSet;

pub(crate) const APP: &str = "shop";

/// What `fly.toml` says in these tests.
pub(crate) const TOML: &str = r#"
app = "shop"
primary_region = "fra"
kill_signal = "SIGTERM"
kill_timeout = 5
[build]
image = "registry.fly.io/shop:IMAGE"
[env]
COLOUR = "blue"
[http_service]
internal_port = 8080
[[http_service.checks]]
path = "/api/v1/health"
interval = "1s"
timeout = "60s"
grace_period = "1s"
[[restart]]
policy = "on-failure"
retries = 2
"#;

/// What runs in the machines of a world.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Programs {
    Processes,
    /// Inside the simulator, on tokio's clock.
    Inside,
}

pub(crate) struct World {
    pub(crate) sim: SimFly,
    pub(crate) url: String,
    programs: Programs,
    http: reqwest::Client,
    lost_before: AtomicUsize,
}

impl World {
    /// An app without machines. Images: v1 and v2 are good; `sick` fails its check, `crash` dies at once,
    /// `lost` cannot be pulled.
    pub(crate) async fn empty() -> Arc<Self> {
        Self::stocked(quick(), Programs::Processes).await
    }

    async fn stocked(config: SimConfig, programs: Programs) -> Arc<Self> {
        let world = Self::running(config, programs).await;
        world.register("v1", &[("APP_VERSION", "v1")], true);
        world.register("v2", &[("APP_VERSION", "v2")], true);
        world.register("sick", &[("HEALTH_FAILS", "1")], true);
        world.register("crash", &[("CRASH_AFTER_MS", "1"), ("CRASH_CODE", "7")], true);
        world.register("lost", &[], false);
        world
    }

    /// An app without machines and images.
    pub(crate) async fn of(config: SimConfig) -> Arc<Self> {
        Self::running(config, Programs::Processes).await
    }

    async fn running(config: SimConfig, programs: Programs) -> Arc<Self> {
        let sim = SimFly::start(config).await.unwrap();
        sim.create_app(APP);
        let url = sim.app_url(APP).await.unwrap();
        let http = FlyHttp::client();
        Arc::new(Self { sim, url, programs, http, lost_before: AtomicUsize::new(0) })
    }

    /// Puts an image into the registry.
    pub(crate) fn register(&self, tag: &str, env: &[(&str, &str)], pullable: bool) {
        let image = match self.programs {
            Programs::Processes => Image::new(image(tag), crate::machine::command()),
            Programs::Inside => Image::inside(image(tag)),
        };
        let image = image.env(env.iter().copied());
        self.sim.register_image(if pullable { image } else { image.unpullable() });
    }

    /// An app with `count` healthy machines on v1.
    pub(crate) async fn with(count: usize) -> Arc<Self> {
        let world = Self::empty().await;
        world.launch(count).await;
        world
    }

    /// The same inside the simulator, for tests with the clock paused: however busy this host is, nothing of
    /// it is late.
    pub(crate) async fn inside(count: usize) -> Arc<Self> {
        Self::inside_of(quick(), count).await
    }

    /// The same, on a platform whose proxy hands nothing to a machine that is cordoned.
    pub(crate) async fn inside_shut(count: usize) -> Arc<Self> {
        Self::inside_of(SimConfig { pins_pass_cordons: false, ..quick() }, count).await
    }

    async fn inside_of(config: SimConfig, count: usize) -> Arc<Self> {
        let starts_at = Some("2026-01-01T00:00:00Z".parse().unwrap());
        let config = SimConfig { seed: Some(11), starts_at, ..config };
        let world = Self::stocked(config, Programs::Inside).await;
        world.launch(count).await;
        world
    }

    /// Makes healthy machines on v1 that the proxy knows.
    async fn launch(&self, count: usize) {
        for _ in 0..count {
            self.create(&old_config(), false).await;
        }
        self.until(|world| world.live().iter().all(is_well)).await;
        // The proxy learns of it later; what is asked until then is none of the deploy's doing.
        let mut answers = 0;
        while answers < 3 * count {
            let reply = self.http.get(&self.url).send().await.unwrap();
            answers = if reply.status().is_success() { answers + 1 } else { 0 };
            // It learns nothing while this host does nothing but ask.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.lost_before.store(self.sim.ledger(APP).lost.len(), Ordering::Relaxed);
    }

    /// Creates a machine as somebody else would.
    pub(crate) async fn create(&self, config: &Value, skip_launch: bool) -> String {
        let body = json!({"config": config, "region": "fra", "skip_launch": skip_launch});
        let reply = self.call("POST", "/machines", Some(body)).await;
        reply["id"].as_str().unwrap().to_owned()
    }

    /// A call of the Machines API by somebody else.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/v1/apps/{APP}{path}", self.sim.api_url());
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(self.sim.token());
        let request = body.iter().fold(request, reqwest::RequestBuilder::json);
        request.send().await.unwrap().json().await.unwrap_or_default()
    }

    pub(crate) fn config(&self, strategy: Strategy, tag: &str) -> FlyConfig {
        let toml = TOML.replace("IMAGE", tag);
        let fly_toml = FlyToml::parse(Path::new("fly.toml"), &toml).unwrap();
        assert_eq!(fly_toml.warnings, Vec::<String>::new());
        let mut config = FlyConfig::new(APP, &self.url, self.sim.token().to_owned(), fly_toml);
        (config.api_url, config.paced) = (self.sim.api_url(), false);
        (config.graphql_base, config.uiex_base) = (self.sim.api_url(), self.sim.api_url());
        config.strategy = strategy;
        config.lease_ttl = Duration::from_mins(1);
        config.wait_timeout = Some(Duration::from_mins(2));
        config.poll = Duration::from_millis(40);
        config.drain = Duration::from_millis(300);
        config.blind_drain = Duration::from_millis(300);
        config
    }

    pub(crate) fn target(&self, strategy: Strategy, tag: &str) -> FlyTarget {
        FlyTarget::new(self.config(strategy, tag))
    }

    /// All machines that are not destroyed, by id.
    pub(crate) fn live(&self) -> Vec<MachineView> {
        let mut machines = self.sim.machines(APP);
        machines.retain(|it| !it.destroyed);
        machines.sort_by(|a, b| a.id.cmp(&b.id));
        machines
    }

    /// Waits for a condition, two minutes at most.
    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        for _ in 0..12_000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not come about: {:#?}", self.live());
    }

    /// The mutating calls so far, such as `POST /machines/{id}/cordon`, without leases and questions that are
    /// posted.
    pub(crate) fn changes(&self) -> Vec<String> {
        let calls = self.sim.journal();
        let asks = |it: &&sim_flyio::ApiCall| {
            it.method == "GET" || it.path.ends_with("/lease") || it.path == "/graphql"
        };
        let changes = calls.iter().filter(|it| !asks(it));
        changes.map(|it| format!("{} {}", it.method, it.path)).collect()
    }

    /// Users, until dropped.
    pub(crate) fn users(self: &Arc<Self>) -> JoinSet<()> {
        self.users_every(Duration::from_millis(20))
    }

    /// Four users, each of whom comes back after a pause.
    pub(crate) fn users_every(self: &Arc<Self>, pause: Duration) -> JoinSet<()> {
        let mut users = JoinSet::new();
        for _ in 0..4 {
            let (url, http) = (self.url.clone(), self.http.clone());
            users.spawn(async move {
                loop {
                    let _ = http.get(format!("{url}/")).send().await;
                    tokio::time::sleep(pause).await;
                }
            });
        }
        users
    }

    /// Everything is at `tag`, serves, is healthy, and nobody holds a lease.
    #[track_caller]
    pub(crate) fn assert_new(&self, count: usize, tag: &str) {
        let live = self.live();
        assert_eq!(live.len(), count, "{live:#?}");
        for machine in &live {
            assert!(machine.image.starts_with(&image(tag)), "{machine:#?}");
            assert!(is_well(machine) && !machine.cordoned, "{machine:#?}");
            assert_eq!(machine.lease, None, "{machine:#?}");
        }
    }

    /// Everything is exactly as it was, and nobody holds a lease.
    #[track_caller]
    pub(crate) fn assert_old(&self, before: &[MachineView]) {
        let live = self.live();
        let shape = |it: &MachineView| {
            (it.id.clone(), it.config.clone(), it.cordoned, it.state.clone(), it.lease.is_some())
        };
        let shapes = |all: &[MachineView]| all.iter().map(shape).collect::<Vec<_>>();
        assert_eq!(shapes(&live), shapes(before));
    }

    /// No request of users was lost, and there were some.
    #[track_caller]
    pub(crate) fn assert_nothing_lost(&self) {
        let ledger = self.sim.ledger(APP);
        let lost = &ledger.lost[self.lost_before.load(Ordering::Relaxed)..];
        assert!(ledger.requests > 20 && lost.is_empty(), "{} requests, {lost:#?}", ledger.requests);
    }
}

/// A platform on which everything happens soon.
fn quick() -> SimConfig {
    SimConfig {
        propagation: Duration::from_millis(60),
        check_speed: 20.0,
        boot: Duration::from_millis(20),
        ..SimConfig::default()
    }
}

struct FlyHttp;

impl FlyHttp {
    fn client() -> reqwest::Client {
        // The crate under test sees to the crypto that reqwest asks for.
        let _ = FlyTarget::new(FlyConfig::new("x", "http://x", String::new(), FlyToml::default()));
        reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap()
    }
}

pub(crate) fn image(tag: &str) -> String {
    format!("registry.fly.io/shop:{tag}")
}

/// A machine as flyctl made it, with keys that no deployer knows.
pub(crate) fn old_config() -> Value {
    json!({
        "image": image("v1"),
        "env": {"COLOUR": "old", "BY_HAND": "1"},
        "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 512},
        "init": {},
        "spot": {"price": "unknown to us"},
        "stop_config": {"signal": "SIGTERM", "timeout": "5s"},
        "restart": {"policy": "on-failure", "max_retries": 2},
        "metadata": {
            "fly_platform_version": "v2", "fly_process_group": "app",
            "fly_release_version": "41", "fly_release_id": "rel_41",
        },
        "services": [{
            "protocol": "tcp", "internal_port": 8080, "autostart": true, "autostop": "off",
            "ports": [{"port": 80, "handlers": ["http"]}],
            "checks": [{
                "type": "http", "path": "/api/v1/health", "interval": "1s", "timeout": "60s",
                "grace_period": "1s",
            }],
        }],
    })
}

pub(crate) fn is_well(machine: &MachineView) -> bool {
    machine.state == "started" && machine.checks.iter().all(|it| it.status == "passing")
}

pub(crate) fn metadata(machine: &MachineView) -> BTreeMap<String, String> {
    serde_json::from_value(machine.config["metadata"].clone()).unwrap()
}
