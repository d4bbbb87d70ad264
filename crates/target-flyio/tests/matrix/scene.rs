//! One simulated app on virtual time, and the pipeline that deploys to it.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use pipeline_core::{
    Artifact, Context, Deployment, Given, Outcome, Pipeline, Report, Side, Step, Verifier,
};
use serde_json::{Value, json};
use sim_flyio::{Image, MachineView, SimConfig, SimFly};
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};
use tokio::time::sleep;
use verify_http::{Client, Connections, Smoke, SmokeCheck, SmokeConfig};

use crate::address::{Course, Release};

pub(crate) const APP: &str = "shop";

/// A lease as flyctl takes it.
pub(crate) const LEASE: Duration = Duration::from_secs(13);

const TOML: &str = r#"
app = "shop"
primary_region = "fra"
kill_signal = "SIGTERM"
kill_timeout = 5
[env]
COLOUR = "blue"
[http_service]
internal_port = 8080
[[http_service.checks]]
path = "/api/v1/health"
interval = "2s"
timeout = "1s"
grace_period = "1s"
[[restart]]
policy = "on-failure"
retries = 2
"#;

const COMMANDS: &str = r#"
[[http_service.machine_checks]]
image = "registry.fly.io/shop:checker"
command = ["check"]
[deploy]
release_command = "bin/migrate"
"#;

/// An app whose machines run v1, healthy and in the pool.
pub(crate) struct Scene {
    pub(crate) sim: SimFly,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    /// How it was before the run.
    pub(crate) before: Vec<MachineView>,
    course: Course,
}

impl Scene {
    pub(crate) async fn set(course: Course) -> Self {
        let sim = SimFly::start(SimConfig {
            seed: Some(11),
            starts_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            propagation: Duration::from_millis(300),
            boot: Duration::from_millis(500),
            ..SimConfig::default()
        });
        let sim = sim.await.unwrap();
        sim.create_app(APP);
        let good = [("PAGES", "{}")];
        let bad = [("PAGES", r#"{"/dashboard":500}"#)];
        for (tag, more) in [("v1", &good), ("good", &good), ("bad", &bad), ("unmigrated", &good)] {
            let exit = if tag == "unmigrated" { "3" } else { "0" };
            let command = [("RELEASE_MS", "200"), ("RELEASE_EXIT", exit)];
            let env = [("APP_VERSION", tag), ("LATENCY_MS", "5")].into_iter().chain(command);
            sim.register_image(Image::inside(image(tag)).env(env.chain(more.iter().copied())));
        }
        let checker = [("RELEASE_COMMAND", "1"), ("RELEASE_MS", "200")];
        sim.register_image(Image::inside(image("checker")).env(checker));
        let url = sim.app_url(APP).await.unwrap();
        // The crate under test sees to the crypto that clients ask for.
        drop(FlyTarget::new(FlyConfig::new(APP, &url, String::new(), FlyToml::default())));
        let http = reqwest::Client::builder().build().unwrap();
        let mut scene = Self { sim, url, http, before: Vec::new(), course };
        for _ in 0..course.machines() {
            scene.create().await;
        }
        while !scene.live().iter().all(is_well) {
            sleep(Duration::from_millis(500)).await;
        }
        sleep(Duration::from_secs(2)).await;
        scene.before = scene.live();
        assert_eq!(scene.before.len(), course.machines());
        scene
    }

    async fn create(&self) {
        let url = format!("{}/v1/apps/{APP}/machines", self.sim.api_url());
        let body = json!({"config": old_config(), "region": "fra"});
        let request = self.http.post(url).bearer_auth(self.sim.token()).json(&body);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    /// All machines that are there to stay, by id.
    pub(crate) fn live(&self) -> Vec<MachineView> {
        let mut machines = self.sim.machines(APP);
        machines.retain(|it| !it.destroyed && it.state != "destroying");
        machines.sort_by(|a, b| a.id.cmp(&b.id));
        machines
    }

    /// The pipeline of one process.
    pub(crate) fn pipeline(&self) -> Pipeline {
        let tag = self.course.release.tag();
        Pipeline::to(Step::deployer(FlyTarget::new(self.config())))
            .builder(Step::builder("given", Given(Artifact::new(image(tag)))))
            .verifier(Step::verifier("smoke", self.verifier()))
            .build()
            .unwrap()
    }

    fn config(&self) -> FlyConfig {
        let commands = if self.course.release.has_commands() { COMMANDS } else { "" };
        let toml = [TOML, commands].concat();
        let fly_toml = FlyToml::parse(Path::new("fly.toml"), &toml).unwrap();
        let mut config = FlyConfig::new(APP, &self.url, self.sim.token().to_owned(), fly_toml);
        config.api_url = self.sim.api_url();
        (config.graphql_base, config.uiex_base) = (self.sim.api_url(), self.sim.api_url());
        config.strategy = self.course.strategy;
        config.lease_ttl = LEASE;
        config.wait_timeout = Some(Duration::from_mins(1));
        config.bake = Duration::from_secs(3);
        config.drain = Duration::from_millis(500);
        config.blind_drain = Duration::from_secs(1);
        config
    }

    fn verifier(&self) -> Smokes {
        let config = SmokeConfig {
            within: Duration::from_secs(6),
            retry_every: Duration::from_secs(1),
            consecutive: NonZeroU32::new(2).unwrap(),
            checks: vec![SmokeCheck::get("/dashboard")],
            ..SmokeConfig::default()
        };
        let client = Client::new(Connections::Fresh).unwrap();
        let smoke = Smoke::new(config, client).unwrap();
        Smokes { smoke, late: self.course.release == Release::Late }
    }
}

/// Smoke tests; of a release that is bad only once all users have it, they see it only then.
struct Smokes {
    smoke: Smoke,
    late: bool,
}

#[async_trait]
impl Verifier for Smokes {
    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        let mut serving = deployment.instances.iter().filter(|it| it.serving);
        let old_too = serving.any(|it| it.side == Side::Old);
        let new = deployment.instances.iter().any(|it| it.side == Side::New);
        if self.late && new && old_too {
            return Ok(Report::passed());
        }
        self.smoke.verify(deployment, cx).await
    }
}

impl Course {
    /// As few as show what the strategy does: waves in place, pairs side by side.
    pub(crate) fn machines(self) -> usize {
        if self.strategy == Strategy::BlueGreen { 2 } else { 3 }
    }
}

pub(crate) fn image(tag: &str) -> String {
    format!("registry.fly.io/shop:{tag}")
}

pub(crate) fn is_well(machine: &MachineView) -> bool {
    machine.state == "started" && machine.checks.iter().all(|it| it.status == "passing")
}

/// A machine as flyctl made it, with keys that no deployer knows.
fn old_config() -> Value {
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
                "type": "http", "path": "/api/v1/health", "interval": "2s", "timeout": "1s",
                "grace_period": "1s",
            }],
        }],
    })
}
