//! How the real flyctl is run, where there is one: named by `FLYCTL`, or found on the `PATH`. It gets a home
//! of its own and no way to the net.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use crate::flyctl::{APP, Flyctl, image};

/// No command of these tests may take longer; blue-green sleeps 20 s.
const PATIENCE: Duration = Duration::from_secs(90);

/// Nobody listens at this port, so all that leaves the host fails at once.
const NOWHERE: &str = "http://127.0.0.1:9";

const TOML: &str = r#"
app = "shop"
primary_region = "ord"

[http_service]
internal_port = 8080

[[http_service.checks]]
method = "GET"
path = "/api/v1/health"
interval = "2s"
timeout = "1s"
grace_period = "1s"
"#;

const RELEASE_COMMAND: &str = "\n[deploy]\nrelease_command = \"migrate --all\"\n";

const MOUNTS: &str = "\n[mounts]\nsource = \"data\"\ndestination = \"/data\"\n";

pub(crate) struct Real {
    pub(crate) flyctl: Flyctl,
    program: PathBuf,
    home: tempfile::TempDir,
}

impl Real {
    /// `None` where there is no flyctl.
    pub(crate) async fn new() -> Option<Self> {
        Self::against(Flyctl::new().await)
    }

    pub(crate) fn against(flyctl: Flyctl) -> Option<Self> {
        let Some(program) = program() else {
            // Not by a macro: the output of a test that passes would not be shown.
            let why = "LEFT OUT: there is no flyctl on the PATH, and FLYCTL names none";
            writeln!(std::io::stderr(), "{why}").unwrap();
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("fly.toml"), TOML).unwrap();
        std::fs::write(home.path().join("release.toml"), format!("{TOML}{RELEASE_COMMAND}"))
            .unwrap();
        std::fs::write(home.path().join("mounts.toml"), format!("{TOML}{MOUNTS}")).unwrap();
        Some(Self { flyctl, program, home })
    }

    /// Runs a command: whether it succeeded, and all that it printed.
    async fn run(&self, line: &str) -> (bool, String) {
        let words: Vec<&str> = line.split(' ').chain(["--app", APP]).collect();
        self.run_words(&words).await
    }

    pub(crate) async fn run_words(&self, words: &[&str]) -> (bool, String) {
        let (api, home) = (self.flyctl.sim.api_url(), self.home.path());
        let mut command = Command::new(&self.program);
        command.args(words).current_dir(home).env_clear();
        for key in ["FLY_FLAPS_BASE_URL", "FLY_API_BASE_URL", "FLY_UIEX_BASE_URL"] {
            command.env(key, &api);
        }
        command.env("HOME", home).env("FLY_CONFIG_DIR", home.join("config"));
        command.env("FLY_API_TOKEN", self.flyctl.sim.token()).env("HTTPS_PROXY", NOWHERE);
        for key in ["FLY_NO_UPDATE_CHECK", "FLY_NO_INCIDENTS_CHECK", "NO_COLOR", "CI"] {
            command.env(key, "1");
        }
        command.env("FLY_SEND_METRICS", "0").env("FLY_TRACE_COLLECTOR_URL", "127.0.0.1");
        command.stdin(Stdio::null()).kill_on_drop(true);
        let ran = timeout(PATIENCE, command.output()).await;
        let output = ran.unwrap_or_else(|_| panic!("flyctl {words:?}: no end")).unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
    }

    pub(crate) async fn succeeds(&self, line: &str) -> String {
        let (success, printed) = self.run(line).await;
        assert!(success, "flyctl {line}\n{printed}");
        printed
    }

    pub(crate) async fn fails(&self, line: &str) -> String {
        let (success, printed) = self.run(line).await;
        assert!(!success, "flyctl {line}\n{printed}");
        printed
    }

    pub(crate) async fn deploys(&self, tag: &str, more: &str) {
        self.succeeds(&deploy(tag, more)).await;
        let living = self.living();
        assert!(!living.is_empty());
        for (state, running) in living {
            assert_eq!(state, "started");
            assert!(running.starts_with(&image(tag)), "{running}");
        }
    }

    /// State and image of all machines that live.
    pub(crate) fn living(&self) -> Vec<(String, String)> {
        let machines = self.flyctl.sim.machines(APP).into_iter();
        machines.filter(|machine| !machine.destroyed).map(|m| (m.state, m.image)).collect()
    }

    pub(crate) async fn clone_first(&self) {
        let machine = self.flyctl.sim.machines(APP).remove(0).id;
        self.succeeds(&format!("machine clone {machine}")).await;
    }
}

pub(crate) fn deploy(tag: &str, more: &str) -> String {
    let image = image(tag);
    format!(
        "deploy --image {image} --yes --smoke-checks=false --dns-checks=false --no-public-ips {more}"
    )
}

#[expect(clippy::disallowed_methods, reason = "a test that is run with what its host has")]
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("FLYCTL") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["flyctl", "fly"];
    let mut places =
        std::env::split_paths(&path).flat_map(|dir| names.map(|name| Path::new(&dir).join(name)));
    places.find(|place| place.is_file())
}
