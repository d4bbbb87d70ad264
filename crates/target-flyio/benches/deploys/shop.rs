//! An app with machines on v1, and what a deploy of v2 to them takes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use sim_flyio::{ApiCall, Image, SimConfig, SimFly};
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::minimum::Day;
use crate::run::Course;

const APP: &str = "shop";
/// What flyctl may take for one deploy.
const PATIENCE: Duration = Duration::from_mins(20);
/// Nobody listens at this port, so all that leaves the host fails at once.
const NOWHERE: &str = "http://127.0.0.1:9";

/// What a deploy took.
pub(crate) struct Took {
    pub(crate) time: Duration,
    /// How often each action was called.
    pub(crate) calls: BTreeMap<String, usize>,
}

pub(crate) struct Shop {
    sim: SimFly,
    url: String,
    day: Day,
}

impl Shop {
    pub(crate) async fn with(day: Day, machines: u32) -> Self {
        let config = SimConfig {
            seed: Some(17),
            propagation: day.propagation,
            boot: day.boot,
            rate_limits: day.limited,
            ..SimConfig::default()
        };
        let sim = SimFly::start(config).await.unwrap();
        sim.create_app(APP);
        for tag in ["v1", "v2"] {
            let ending = day.ending.as_millis().to_string();
            let env = [("APP_VERSION", tag), ("DRAIN_MS", &ending)];
            sim.register_image(Image::inside(image(tag)).env(env));
        }
        let url = sim.app_url(APP).await.unwrap();
        let shop = Self { sim, url, day };
        shop.fill(machines).await;
        shop.sim.inject(format!("any=slow:{}ms", day.call.as_millis()).parse().unwrap());
        shop
    }

    /// Machines as flyctl would have made them.
    async fn fill(&self, machines: u32) {
        // The crate under test sees to the crypto that reqwest asks for.
        let _ = self.target(Strategy::Rolling);
        let (http, url) = (reqwest::Client::new(), self.sim.api_url());
        let check = json!({
            "type": "http", "path": "/api/v1/health", "timeout": "2s",
            "interval": seconds(self.day.interval), "grace_period": seconds(self.day.grace),
        });
        let config = json!({
            "image": image("v1"),
            "stop_config": {"signal": "SIGTERM", "timeout": "30s"},
            "metadata": {"fly_platform_version": "v2", "fly_process_group": "app"},
            "services": [{
                "protocol": "tcp", "internal_port": 8080, "checks": [check],
                "ports": [{"port": 80, "handlers": ["http"]}],
            }],
        });
        let mut made = 0;
        while made < machines {
            let call = http.post(format!("{url}/v1/apps/{APP}/machines"));
            let body = json!({"config": config, "region": "ord"});
            let reply = call.bearer_auth(self.sim.token()).json(&body).send().await.unwrap();
            if reply.status().is_success() {
                made += 1;
            } else {
                sleep(Duration::from_secs(1)).await; // one a second
            }
        }
        sleep(self.day.boot + self.day.grace + self.day.propagation + self.day.interval).await;
    }

    fn target(&self, strategy: Strategy) -> FlyTarget {
        let fly_toml = FlyToml::parse(Path::new("fly.toml"), &self.toml()).unwrap();
        let mut config = FlyConfig::new(APP, &self.url, self.sim.token().to_owned(), fly_toml);
        config.fly_toml.build.image = Some(image("v2"));
        config.api_url = self.sim.api_url();
        (config.graphql_base, config.uiex_base) = (self.sim.api_url(), self.sim.api_url());
        config.strategy = strategy;
        config.max_unavailable = self.day.max_unavailable;
        FlyTarget::new(config)
    }

    fn toml(&self) -> String {
        format!(
            "app = \"{APP}\"\nprimary_region = \"ord\"\nkill_signal = \"SIGTERM\"\nkill_timeout = 30\n\
             [http_service]\ninternal_port = 8080\n[[http_service.checks]]\nmethod = \"GET\"\n\
             path = \"/api/v1/health\"\ntimeout = \"2s\"\ninterval = \"{}\"\ngrace_period = \"{}\"\n",
            seconds(self.day.interval),
            seconds(self.day.grace),
        )
    }

    /// Deploys v2 with our deployer.
    pub(crate) async fn ours(&self, strategy: Strategy) -> Took {
        let (target, before) = (self.target(strategy), self.sim.journal().len());
        let began = Instant::now();
        Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
        self.took(began, before)
    }

    /// Deploys v2 with the real flyctl.
    pub(crate) async fn flyctl(&self, program: &Path, strategy: Strategy) -> Took {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("fly.toml"), self.toml()).unwrap();
        let mut command = self.command(program, home.path());
        let words = format!(
            "deploy --app {APP} --config fly.toml --image {} --strategy {} --ha=false --yes \
             --smoke-checks=false --dns-checks=false --no-public-ips",
            image("v2"),
            name(strategy),
        );
        let (began, before) = (Instant::now(), self.sim.journal().len());
        let output = timeout(PATIENCE, command.args(words.split(' ')).output());
        let output = output.await.expect("flyctl ends").expect("flyctl runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "flyctl {words}: {said}");
        self.took(began, before)
    }

    /// flyctl with a home of its own and no way to the net.
    fn command(&self, program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(home).env_clear().stdin(Stdio::null()).kill_on_drop(true);
        for key in ["FLY_FLAPS_BASE_URL", "FLY_API_BASE_URL", "FLY_UIEX_BASE_URL"] {
            command.env(key, self.sim.api_url());
        }
        command.env("HOME", home).env("FLY_CONFIG_DIR", home.join("config"));
        command.env("FLY_API_TOKEN", self.sim.token()).env("HTTPS_PROXY", NOWHERE);
        for key in ["FLY_NO_UPDATE_CHECK", "FLY_NO_INCIDENTS_CHECK", "NO_COLOR", "CI"] {
            command.env(key, "1");
        }
        command.env("FLY_SEND_METRICS", "0").env("FLY_TRACE_COLLECTOR_URL", "127.0.0.1");
        command
    }

    fn took(&self, began: Instant, before: usize) -> Took {
        let time = began.elapsed();
        let machines = self.sim.machines(APP);
        let living: Vec<_> = machines.iter().filter(|it| !it.destroyed).collect();
        assert!(!living.is_empty() && living.iter().all(|it| it.image.starts_with(&image("v2"))));
        let mut calls = BTreeMap::new();
        for call in &self.sim.journal()[before..] {
            *calls.entry(action(call)).or_default() += 1;
        }
        Took { time, calls }
    }
}

fn action(call: &ApiCall) -> String {
    call.action().map_or_else(|| format!("{} other", call.method), str::to_owned)
}

pub(crate) fn name(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Rolling => "rolling",
        Strategy::Canary => "canary",
        Strategy::BlueGreen => "bluegreen",
        Strategy::Immediate => "immediate",
    }
}

/// Where flyctl is, if somebody says so.
#[expect(clippy::disallowed_methods, reason = "a benchmark that is run with what its host has")]
pub(crate) fn program() -> Option<PathBuf> {
    std::env::var_os("FLYCTL").map(PathBuf::from)
}

fn image(tag: &str) -> String {
    format!("registry.fly.io/shop:{tag}")
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs())
}
