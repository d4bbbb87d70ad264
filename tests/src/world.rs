//! A project folder, a simulated Fly.io, and the command.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sim_flyio::{Image, SimConfig, SimFly};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::Notify;

use crate::machines::Fleet;
use crate::ran::Ran;

/// The application.
pub const APP: &str = "shop-staging";

/// The bearer token of the dashboard: it must never be seen anywhere.
pub const SECRET: &str = "sentinel-dashboard-secret";

/// The token for the simulated Fly.io: it must never be seen anywhere.
const TOKEN: &str = "sentinel-fly-token";

/// What kind of world.
#[derive(Clone, Debug)]
pub struct WorldConfig {
    /// The command's path: `env!("CARGO_BIN_EXE_pipeline_under_test")`.
    pub program: &'static str,
    /// `rolling` or `bluegreen`.
    pub strategy: &'static str,
    /// How many machines run v1 at the beginning, made as flyctl makes them.
    pub machines: usize,
}

/// A project, a simulated Fly.io that runs its release v1, and the command.
#[derive(Debug)]
pub struct World {
    dir: TempDir,
    /// The simulator.
    pub sim: Arc<SimFly>,
    config: WorldConfig,
    url: String,
    client: reqwest::Client,
}

impl World {
    /// Makes one.
    pub async fn start(config: WorldConfig) -> Self {
        Self::on(SimConfig::default(), config).await
    }

    /// The same on a platform whose proxy hands nothing to a machine that is cordoned.
    pub async fn start_shut(config: WorldConfig) -> Self {
        Self::on(SimConfig { pins_pass_cordons: false, ..SimConfig::default() }, config).await
    }

    async fn on(platform: SimConfig, config: WorldConfig) -> Self {
        install_tls();
        let dir = tempfile::tempdir().expect("a temporary folder");
        let quick = SimConfig {
            propagation: Duration::from_millis(60),
            check_speed: 20.0,
            boot: Duration::from_millis(5),
            token: TOKEN.into(),
            ..platform
        };
        let sim = Arc::new(SimFly::start(quick).await.expect("a simulator"));
        sim.create_app(APP);
        let url = sim.app_url(APP).await.expect("an address");
        let world = Self { dir, sim, config, url, client: plain_client() };
        world.write("pipeline.toml", &world.pipeline_toml("20s"));
        world.write("fly.toml", FLY_TOML);
        world.image("v1", &[]);
        world.populate().await;
        world
    }

    /// The project's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where users reach the application.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).expect("the folder can be written");
    }

    /// Makes an image known; its behaviour is in `env` (see `sim_flyio::app`).
    #[expect(clippy::must_use_candidate, reason = "it registers the image")]
    pub fn image(&self, version: &str, env: &[(&str, &str)]) -> String {
        let reference = format!("registry.fly.io/{APP}:{version}");
        let vars = [("APP_VERSION", version), ("SHOP_TOKEN", SECRET)];
        let image = Image::new(&reference, [self.config.program, "__machine"]);
        self.sim.register_image(image.env(vars).env(env.iter().copied()));
        reference
    }

    /// Starts the command.
    #[must_use]
    pub fn spawn(&self, args: &[&str], vars: &[(&str, &str)]) -> Child {
        let mut command = self.command(args);
        command.envs(vars.iter().copied()).kill_on_drop(true);
        command.spawn().expect("the command starts")
    }

    /// Runs the command to its end.
    pub async fn run(&self, args: &[&str]) -> Ran {
        Self::ended(self.spawn(args, &[])).await
    }

    /// Runs the command with more variables.
    pub async fn run_with(&self, args: &[&str], vars: &[(&str, &str)]) -> Ran {
        Self::ended(self.spawn(args, vars)).await
    }

    /// Waits for a command; one that hangs fails the test. So long because a busy machine is no reason to fail.
    pub async fn ended(child: Child) -> Ran {
        let output = tokio::time::timeout(Duration::from_mins(20), child.wait_with_output())
            .await
            .expect("the command ends within twenty minutes")
            .expect("its output can be read");
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Waits until the command has come so far; one that ends before fails the test.
    pub async fn reached(far: &Notify, mut child: Child) -> Child {
        tokio::select! {
            biased;
            () = far.notified() => return child,
            _ = child.wait() => {}
        }
        panic!("it ended before: {}", Self::ended(child).await)
    }

    /// What runs.
    #[must_use]
    pub fn fleet(&self) -> Fleet {
        Fleet::of(&self.sim, APP)
    }

    /// Waits, for a bounded time, until what runs is whole; says which version, or what is wrong.
    pub async fn settled(&self, count: usize) -> Result<String, String> {
        for _ in 0..2_400 {
            if let Ok(version) = self.fleet().whole(count) {
                return Ok(version);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.fleet().whole(count)
    }

    /// The version that users see.
    pub async fn served(&self) -> Option<String> {
        let answer = self.client.get(&self.url).send().await.ok()?;
        Some(answer.headers().get("x-app-version")?.to_str().ok()?.to_owned())
    }

    /// Runs the command to its end, with what it says in a file.
    pub async fn run_into(&self, args: &[&str], said: std::fs::File) {
        let mut command = self.command(args);
        command.kill_on_drop(true).stderr(said);
        Self::ended(command.spawn().expect("the command starts")).await;
    }

    /// The variables of the command.
    #[must_use]
    pub fn vars(&self) -> Vec<(String, String)> {
        let api = self.sim.api_url();
        let vars = [
            ("HOME", self.dir.path().display().to_string()),
            ("USER", "tester".into()),
            ("FLY_API_TOKEN", TOKEN.into()),
            ("FLY_FLAPS_BASE_URL", api.clone()),
            ("FLY_API_BASE_URL", api.clone()),
            ("FLY_UIEX_BASE_URL", api),
            ("PIPELINE_URL_STAGING", self.url.clone()),
            ("SHOP_TOKEN", SECRET.into()),
            ("PATH", "/usr/bin:/bin:/usr/local/bin".into()),
        ];
        vars.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// The command in this world, not yet started.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.config.program);
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .envs(self.vars())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Whoever dies here leaves leases that the next one need not wait long for. A busy machine loses them sooner, too.
    #[must_use]
    pub fn with_short_leases(self) -> Self {
        self.write("pipeline.toml", &self.pipeline_toml("3s"));
        self
    }

    fn pipeline_toml(&self, lease_ttl: &str) -> String {
        let strategy = self.config.strategy;
        format!(
            "[gates]\nformat.enabled = false\ncompile.enabled = false\ncredo.enabled = false\n\
             test.enabled = false\ndialyzer.enabled = false\n\n\
             [environments.staging]\napp = \"{APP}\"\nurl = \"https://{APP}.fly.dev\"\n\
             strategy = \"{strategy}\"\nlease_ttl = \"{lease_ttl}\"\ndrain = \"100ms\"\nwait_timeout = \"20s\"\npoll = \"50ms\"\npaced = false\n\n\
             [verify.smoke]\nwithin = \"2m\"\nattempt_timeout = \"30s\"\nretry_every = \"100ms\"\nconsecutive = 1\nconsecutive_bad = 20\n\
             [[verify.smoke.checks]]\npath = \"/api/v1/health\"\njson = true\n\
             [[verify.smoke.checks]]\npath = \"/\"\n\
             [[verify.smoke.checks]]\npath = \"/dashboard\"\nbearer_env = \"SHOP_TOKEN\"\n\
             [[verify.smoke.checks]]\npath = \"/api/v1/status\"\njson = true\n"
        )
    }

    /// Machines as flyctl would have made them.
    async fn populate(&self) {
        for number in 0..self.config.machines {
            let made = self
                .client
                .post(format!("{}/v1/apps/{APP}/machines", self.sim.api_url()))
                .bearer_auth(TOKEN)
                .json(&json!({ "name": format!("m{number}"), "region": "fra", "config": machine_config() }))
                .send()
                .await
                .and_then(reqwest::Response::error_for_status);
            made.expect("the machine is made");
        }
        if self.config.machines > 0 {
            self.settled(self.config.machines).await.expect("v1 runs");
            // The proxy learns later than the API: users come once it knows.
            for _ in 0..1_500 {
                if self.served().await.is_some() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("v1 is never served");
        }
    }
}

/// A client for plain HTTP on this machine. It reads no certificates, which takes longest.
#[must_use]
pub fn plain_client() -> reqwest::Client {
    install_tls();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    client.build().expect("a client")
}

/// The one crypto provider, for this test's own requests; a second call in one process changes nothing.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What flyctl would write for `FLY_TOML`, with a key that nobody here knows.
fn machine_config() -> Value {
    json!({
        "image": format!("registry.fly.io/{APP}:v1"),
        "env": { "FLY_PROCESS_GROUP": "app", "PRIMARY_REGION": "fra" },
        "guest": { "cpu_kind": "shared", "cpus": 1, "memory_mb": 256 },
        "init": {},
        "restart": { "policy": "on-failure" },
        "stop_config": { "signal": "SIGTERM", "timeout": "30s" },
        "metadata": {
            "fly_platform_version": "v2", "fly_process_group": "app",
            "fly_release_id": "rel-41", "fly_release_version": "41", "fly_flyctl_version": "0.4.50",
        },
        "services": [{
            "protocol": "tcp", "internal_port": 8080,
            "ports": [{ "port": 80, "handlers": ["http"] }, { "port": 443, "handlers": ["http", "tls"] }],
            "checks": [{
                "type": "http", "method": "get", "path": "/api/v1/health",
                "interval": "1s", "timeout": "60s", "grace_period": "1s",
            }],
        }],
        "x_unknown_to_us": { "keep": ["me", 1] },
    })
}

const FLY_TOML: &str = r#"app = "shop-staging"
primary_region = "fra"
kill_signal = "SIGTERM"
kill_timeout = 30

[http_service]
internal_port = 8080
force_https = false
auto_stop_machines = "off"

[[http_service.checks]]
method = "GET"
path = "/api/v1/health"
interval = "1s"
timeout = "60s"
grace_period = "1s"
"#;
