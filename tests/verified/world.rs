//! An app on virtual time whose new release behaves as a test says, and a pipeline that verifies it as the command does.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use pipeline_core::{
    Artifact, Conclusion, EventKind, Events, Fault, Given, Journal, Pipeline, Record, Release, Run,
    RunId, Step,
};
use serde_json::{Value, json};
use sim_flyio::{Image, MachineView, SimConfig, SimFly};
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};
use tokio::time::{Instant, sleep};

pub(crate) const APP: &str = "shop";

/// How the release that runs behaves, and every one that says nothing else.
const USUAL: [(&str, &str); 2] = [("LATENCY_MS", "40"), ("LATENCY_SPREAD", "0.3")];

const TOML: &str = r#"
app = "shop"
primary_region = "fra"
kill_signal = "SIGTERM"
kill_timeout = 5
[http_service]
internal_port = 8080
[[http_service.checks]]
path = "/api/v1/health"
interval = "2s"
timeout = "1s"
grace_period = "1s"
"#;

/// An app whose machines run v1, healthy and in the pool.
pub(crate) struct World {
    sim: SimFly,
    pub(crate) url: String,
    http: reqwest::Client,
    began: Instant,
}

/// What came of a deploy.
pub(crate) struct Ended {
    pub(crate) conclusion: Conclusion,
    pub(crate) told: Vec<EventKind>,
    /// Virtual time.
    pub(crate) took: Duration,
}

impl World {
    /// One with so many machines. The seed decides what is left to chance.
    pub(crate) async fn with(machines: usize, seed: u64) -> Self {
        pipeline_tests::install_tls();
        let began = Instant::now();
        let sim = SimFly::start(SimConfig {
            seed: Some(seed),
            starts_at: Some("2026-01-01T00:00:00Z".parse().expect("a time")),
            propagation: Duration::from_millis(300),
            boot: Duration::from_millis(500),
            ..SimConfig::default()
        });
        let sim = sim.await.expect("a simulator");
        sim.create_app(APP);
        let url = sim.app_url(APP).await.expect("an address");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let world = Self { sim, url, http, began };
        world.image("v1", &[]);
        for _ in 0..machines {
            world.create().await;
        }
        while !world.live().iter().all(is_well) {
            sleep(Duration::from_millis(500)).await;
        }
        sleep(Duration::from_secs(2)).await;
        world
    }

    /// Makes an image known that behaves as usual but for `env`.
    pub(crate) fn image(&self, tag: &str, env: &[(&str, &str)]) -> String {
        let env = USUAL.into_iter().chain([("APP_VERSION", tag)]).chain(env.iter().copied());
        self.sim.register_image(Image::inside(reference(tag)).env(env));
        reference(tag)
    }

    /// Deploys a release with these verifiers.
    pub(crate) async fn deploy(
        &self,
        strategy: Strategy,
        tag: &str,
        pipeline: impl FnOnce(pipeline_core::PipelineBuilder) -> pipeline_core::PipelineBuilder,
    ) -> Ended {
        let to = Pipeline::to(Step::deployer(FlyTarget::new(self.config(strategy))))
            .builder(Step::builder("given", Given(Artifact::new(reference(tag)))));
        let pipeline = pipeline(to).build().expect("a pipeline");
        let told: Arc<Mutex<Vec<EventKind>>> = Arc::default();
        let heard = Arc::clone(&told);
        let observer = move |event: &pipeline_core::Event| {
            heard.lock().expect("nobody panics").push(event.kind.clone());
        };
        let events = Events::new(self.clock(), vec![Box::new(observer)]);
        let run = Run::new(RunId::new(format!("run-{tag}")), Release::new(tag), ".").events(events);
        let began = Instant::now();
        let conclusion = pipeline.run(&run, &mut Memory::default()).await.expect("an end");
        let told = std::mem::take(&mut *told.lock().expect("nobody panics"));
        Ended { conclusion, told, took: began.elapsed() }
    }

    /// The wall clock of this world: it goes with its virtual time.
    pub(crate) fn clock(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let began = self.began;
        move || SystemTime::UNIX_EPOCH + Duration::from_hours(490_000) + began.elapsed()
    }

    /// The versions that run, one a machine, sorted.
    pub(crate) fn versions(&self) -> Vec<String> {
        let tag = |it: &MachineView| {
            let reference = it.image.split('@').next().unwrap_or_default();
            reference.rsplit(':').next().unwrap_or_default().to_owned()
        };
        let mut versions: Vec<String> = self.live().iter().map(tag).collect();
        versions.sort();
        versions
    }

    fn live(&self) -> Vec<MachineView> {
        let mut machines = self.sim.machines(APP);
        machines.retain(|it| !it.destroyed && it.state != "destroying");
        machines
    }

    async fn create(&self) {
        let url = format!("{}/v1/apps/{APP}/machines", self.sim.api_url());
        let body = json!({"config": machine(), "region": "fra"});
        let request = self.http.post(url).bearer_auth(self.sim.token()).json(&body);
        let made = request.send().await.and_then(reqwest::Response::error_for_status);
        made.expect("the machine is made");
    }

    fn config(&self, strategy: Strategy) -> FlyConfig {
        let fly_toml = FlyToml::parse(Path::new("fly.toml"), TOML).expect("a fly.toml");
        let mut config = FlyConfig::new(APP, &self.url, self.sim.token().to_owned(), fly_toml);
        config.api_url = self.sim.api_url();
        (config.graphql_base, config.uiex_base) = (self.sim.api_url(), self.sim.api_url());
        config.strategy = strategy;
        config.bake = Duration::from_secs(3);
        config.drain = Duration::from_millis(500);
        config.blind_drain = Duration::from_secs(1);
        config
    }
}

impl Ended {
    /// The checks of a verifier that did not simply pass, in words, and how they were taken.
    pub(crate) fn unusual(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for kind in &self.told {
            let EventKind::StepDone { step, outcome: Ok(report), .. } = kind else { continue };
            for check in report.checks() {
                if check.verdict != pipeline_core::Verdict::Passed {
                    lines.push(format!("{step}: {:?}: {}", check.verdict, check.message));
                }
            }
        }
        lines
    }
}

/// A journal that is gone with the test.
#[derive(Default)]
struct Memory(Vec<Record>);

#[async_trait]
impl Journal for Memory {
    async fn append(&mut self, record: &Record) -> Result<(), Fault> {
        self.0.push(record.clone());
        Ok(())
    }
}

fn reference(tag: &str) -> String {
    format!("registry.fly.io/shop:{tag}")
}

fn is_well(machine: &MachineView) -> bool {
    machine.state == "started" && machine.checks.iter().all(|it| it.status == "passing")
}

/// A machine as flyctl makes it.
fn machine() -> Value {
    json!({
        "image": reference("v1"),
        "env": {"FLY_PROCESS_GROUP": "app"},
        "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 512},
        "init": {},
        "stop_config": {"signal": "SIGTERM", "timeout": "5s"},
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
