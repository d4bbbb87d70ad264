//! The real flyctl, where there is one: named by `FLYCTL`, or found on the `PATH`. It gets a home
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

struct Real {
    flyctl: Flyctl,
    program: PathBuf,
    home: tempfile::TempDir,
}

impl Real {
    /// `None` where there is no flyctl.
    async fn new() -> Option<Self> {
        Self::against(Flyctl::new().await)
    }

    fn against(flyctl: Flyctl) -> Option<Self> {
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

    async fn run_words(&self, words: &[&str]) -> (bool, String) {
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

    async fn succeeds(&self, line: &str) -> String {
        let (success, printed) = self.run(line).await;
        assert!(success, "flyctl {line}\n{printed}");
        printed
    }

    async fn fails(&self, line: &str) -> String {
        let (success, printed) = self.run(line).await;
        assert!(!success, "flyctl {line}\n{printed}");
        printed
    }

    async fn deploys(&self, tag: &str, more: &str) {
        self.succeeds(&deploy(tag, more)).await;
        let living = self.living();
        assert!(!living.is_empty());
        for (state, running) in living {
            assert_eq!(state, "started");
            assert!(running.starts_with(&image(tag)), "{running}");
        }
    }

    /// State and image of all machines that live.
    fn living(&self) -> Vec<(String, String)> {
        let machines = self.flyctl.sim.machines(APP).into_iter();
        machines.filter(|machine| !machine.destroyed).map(|m| (m.state, m.image)).collect()
    }

    async fn clone_first(&self) {
        let machine = self.flyctl.sim.machines(APP).remove(0).id;
        self.succeeds(&format!("machine clone {machine}")).await;
    }
}

fn deploy(tag: &str, more: &str) -> String {
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

#[tokio::test]
async fn the_real_flyctl_deploys_with_every_strategy_and_prints_what_it_sees() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config fly.toml --strategy rolling").await;
    assert_eq!(real.living().len(), 2, "for high availability");
    real.clone_first().await;
    real.deploys("v2", "--config fly.toml --strategy rolling").await;
    real.deploys("v1", "--config fly.toml --strategy canary").await;
    real.succeeds(&deploy("v2", "--config fly.toml --strategy immediate")).await;
    let table = [
        ("status", "started"),
        ("releases --image", "registry.fly.io/shop:v2"),
        ("machine list", "shop:v2"),
        ("checks list", "servicecheck-00-http-8080"),
        ("config show", "/api/v1/health"),
        ("logs --no-tail", "Machine started"),
    ];
    for (line, wanted) in table {
        let printed = real.succeeds(line).await;
        assert!(printed.contains(wanted), "flyctl {line}\n{printed}");
    }
    let machine = real.flyctl.sim.machines(APP).remove(0).id;
    for line in ["stop", "start", "cordon", "uncordon", "status"] {
        real.succeeds(&format!("machine {line} {machine}")).await;
    }
}

#[tokio::test]
async fn the_real_flyctl_deploys_blue_green() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config fly.toml").await;
    let blue = real.flyctl.sim.machines(APP);
    real.deploys("v2", "--config fly.toml --strategy bluegreen").await;
    let ids: Vec<_> =
        real.flyctl.sim.machines(APP).into_iter().map(|m| (m.id, m.destroyed)).collect();
    assert!(blue.iter().all(|old| ids.contains(&(old.id.clone(), true))), "{ids:?}");
}

#[tokio::test]
async fn the_real_flyctl_does_not_notice_that_an_image_could_not_be_pulled() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config fly.toml --ha=false").await;
    let printed = real.succeeds(&deploy("gone", "--config fly.toml")).await;
    assert!(printed.contains("update succeeded"), "{printed}");
    let living = real.living();
    assert!(living.len() == 1 && living[0].1.starts_with(&image("v1")), "{living:?}");
    let log = real.succeeds("logs --no-tail").await;
    assert!(log.contains("Failed to pull container image registry.fly.io/shop:gone"), "{log}");
}

#[tokio::test]
async fn the_real_flyctl_fails_where_the_platform_makes_it_fail() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config release.toml --strategy rolling").await;
    let printed = real.fails(&deploy("broken", "--config release.toml")).await;
    assert!(printed.contains("exited with non-zero status of 3"), "{printed}");
    assert!(printed.contains("release command of version dev: ends with 3"), "{printed}");
    let printed = real.fails(&deploy("sick", "--config fly.toml --wait-timeout 3s")).await;
    assert!(printed.contains("timeout reached waiting for health checks to pass"), "{printed}");
    let printed = real.fails(&deploy("v9", "--config fly.toml")).await;
    assert!(printed.contains("could not find image"), "{printed}");
    let sick = real.living().iter().filter(|(_, image)| image.contains(":sick@")).count();
    assert_eq!(sick, 1, "what was updated stays so, and the rest is not touched");
}

#[tokio::test]
async fn the_real_flyctl_deploys_what_runs_inside_the_simulator() {
    let Some(real) = Real::against(Flyctl::inside().await) else { return };
    real.deploys("v1", "--config release.toml").await;
    real.deploys("v2", "--config release.toml --strategy canary").await;
    let printed = real.fails(&deploy("broken", "--config release.toml")).await;
    assert!(printed.contains("exited with non-zero status of 3"), "{printed}");
    let log = real.succeeds("logs --no-tail").await;
    assert!(log.contains("Main child exited normally with code: 3"), "{log}");
    assert!(log.contains("Preparing to run: `the bundled application`"), "{log}");
}

#[tokio::test]
async fn the_real_flyctl_scales_and_keeps_volumes_secrets_and_addresses() {
    let Some(real) = Real::new().await else { return };
    real.deploys("v1", "--config mounts.toml").await;
    for line in ["scale count 3 --yes", "secrets set TOKEN=oolong --stage"] {
        real.succeeds(line).await;
    }
    real.deploys("v2", "--config mounts.toml").await;
    assert_eq!(real.living().len(), 3);
    let machine = real.flyctl.sim.machines(APP).remove(0).id;
    let exec = ["machine", "exec", &machine, "printenv TOKEN", "--app", APP];
    assert!(real.run_words(&exec).await.1.contains("oolong"));
    real.succeeds("scale count 1 --yes").await;
    assert_eq!(real.living().len(), 1);
    real.succeeds("ips allocate-v6").await;
    let table = [
        ("scale show", "256 MB"),
        ("volumes list", "data"),
        ("secrets list", "TOKEN"),
        ("ips list", "2001:db8::1"),
        ("image show", "v2"),
    ];
    for (line, wanted) in table {
        let printed = real.succeeds(line).await;
        assert!(printed.contains(wanted), "flyctl {line}\n{printed}");
    }
    real.succeeds("ips release 2001:db8::1").await;
}
