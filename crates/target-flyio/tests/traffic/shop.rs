//! A shop on virtual time, with the times of an ordinary day.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sim_flyio::{Image, Ledger, MachineView, SimConfig, SimFly};
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};
use tokio::time::sleep;

use crate::users::Account;

const APP: &str = "shop";

/// How late the proxy learns of everything.
pub(crate) const PROPAGATION: Duration = Duration::from_secs(5);
/// How long a machine takes to boot.
pub(crate) const BOOT: Duration = Duration::from_secs(3);
/// How often a check asks, and for how long it forgives at first.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
pub(crate) const GRACE: Duration = Duration::from_secs(2);
/// How long the program takes to end, beyond the requests it has begun.
pub(crate) const ENDING: Duration = Duration::from_secs(1);
/// How long nobody may be answered: the interval of a probe of whoever watches the site.
pub(crate) const PROBE: Duration = Duration::from_secs(1);
/// How long every call of the API takes.
pub(crate) const CALL: Duration = Duration::from_millis(80);

const TOML: &str = r#"
app = "shop"
primary_region = "fra"
kill_signal = "SIGTERM"
kill_timeout = 30
[http_service]
internal_port = 8080
[[http_service.checks]]
path = "/api/v1/health"
interval = "5s"
timeout = "2s"
grace_period = "2s"
"#;

pub(crate) struct Shop {
    pub(crate) sim: SimFly,
    pub(crate) address: SocketAddr,
    url: String,
}

impl Shop {
    /// `count` healthy machines on v1.
    pub(crate) async fn with(count: usize) -> Self {
        let config = SimConfig {
            seed: Some(13),
            starts_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            propagation: PROPAGATION,
            boot: BOOT,
            ..SimConfig::default()
        };
        let sim = SimFly::start(config).await.unwrap();
        sim.create_app(APP);
        for tag in ["v1", "v2"] {
            let ending = ENDING.as_millis().to_string();
            let env = [("APP_VERSION", tag), ("LATENCY_MS", "20"), ("DRAIN_MS", &ending)];
            sim.register_image(Image::inside(image(tag)).env(env));
        }
        let url = sim.app_url(APP).await.unwrap();
        let address = url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        let shop = Self { sim, address, url };
        for _ in 0..count {
            shop.create().await;
        }
        while !shop.live().iter().all(is_well) {
            sleep(Duration::from_secs(1)).await;
        }
        sleep(PROPAGATION + Duration::from_secs(1)).await;
        shop
    }

    async fn create(&self) {
        // The crate under test sees to the crypto that reqwest asks for.
        let _ = self.target(Strategy::Rolling);
        let http = reqwest::Client::new();
        let url = format!("{}/v1/apps/{APP}/machines", self.sim.api_url());
        let body = json!({"config": config(), "region": "fra"});
        let reply = http.post(url).bearer_auth(self.sim.token()).json(&body).send().await.unwrap();
        assert!(reply.status().is_success(), "{reply:?}");
    }

    pub(crate) fn config(&self, strategy: Strategy) -> FlyConfig {
        let fly_toml = FlyToml::parse(Path::new("fly.toml"), TOML).unwrap();
        let mut config = FlyConfig::new(APP, &self.url, self.sim.token().to_owned(), fly_toml);
        config.fly_toml.build.image = Some(image("v2"));
        config.api_url = self.sim.api_url();
        (config.graphql_base, config.uiex_base) = (self.sim.api_url(), self.sim.api_url());
        config.strategy = strategy;
        config
    }

    pub(crate) fn target(&self, strategy: Strategy) -> FlyTarget {
        FlyTarget::new(self.config(strategy))
    }

    /// Makes every call of the API as slow as it is over a sea.
    pub(crate) fn calls_take_their_time(&self) {
        self.sim.inject(format!("any=slow:{}ms", CALL.as_millis()).parse().unwrap());
    }

    pub(crate) fn live(&self) -> Vec<MachineView> {
        let mut machines = self.sim.machines(APP);
        machines.retain(|it| !it.destroyed);
        machines.sort_by(|a, b| a.id.cmp(&b.id));
        machines
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.sim.ledger(APP)
    }

    /// All serve `tag`, well, and there are as many as there were.
    #[track_caller]
    pub(crate) fn assert_serves(&self, count: usize, tag: &str) {
        let live = self.live();
        assert_eq!(live.len(), count, "{live:#?}");
        for machine in &live {
            let right = machine.image.starts_with(&image(tag)) && !machine.cordoned;
            assert!(right && is_well(machine) && machine.lease.is_none(), "{machine:#?}");
        }
    }

    /// Nothing was lost, by the count of the users and by that of the proxy, and nobody waited for long.
    #[track_caller]
    pub(crate) fn assert_unnoticed(&self, account: &Account) {
        let ledger = self.ledger();
        assert!(account.lost.is_empty(), "{} lost: {:#?}", account.lost.len(), account.lost);
        assert!(ledger.lost.is_empty(), "{:#?}", ledger.lost);
        assert_eq!(ledger.app_errors, 0);
        assert!(account.gap <= PROBE, "nobody was answered for {:?}", account.gap);
        assert!(ledger.longest_gap <= PROBE, "{:?}", ledger.longest_gap);
        // What the server has closed, and only that, was opened again.
        let closed = ledger.upgrades_broken.len() as u64;
        assert_eq!(closed, account.reopened);
        assert!(account.answered + u64::from(crate::users::USERS) >= account.sent);
    }
}

fn image(tag: &str) -> String {
    format!("registry.fly.io/shop:{tag}")
}

fn is_well(machine: &MachineView) -> bool {
    machine.state == "started" && machine.checks.iter().all(|it| it.status == "passing")
}

fn config() -> Value {
    json!({
        "image": image("v1"),
        "stop_config": {"signal": "SIGTERM", "timeout": "30s"},
        "metadata": {"fly_platform_version": "v2", "fly_process_group": "app"},
        "services": [{
            "protocol": "tcp", "internal_port": 8080,
            "ports": [{"port": 80, "handlers": ["http"]}],
            "checks": [{
                "type": "http", "path": "/api/v1/health", "interval": "5s", "timeout": "2s",
                "grace_period": "2s",
            }],
        }],
    })
}
