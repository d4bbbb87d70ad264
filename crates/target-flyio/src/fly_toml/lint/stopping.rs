//! How machines are stopped: every deploy stops all of them.

use std::time::Duration;

use super::Lint;
use crate::duration;
use crate::fly_toml::FlyToml;

/// What the platform does where the file does not say (fly.io docs: configuration).
const DEFAULT_SIGNAL: &str = "SIGINT";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
/// What a server needs to finish what it has begun: Bandit alone waits 15 s for open connections
/// (Thousand Island docs: `shutdown_timeout`), and the rest of the application must still go.
const ENOUGH: Duration = Duration::from_secs(30);
/// How long a machine is waited for where the file does not say (flyctl: `deploy/machines.go`).
const DEFAULT_WAIT: Duration = Duration::from_mins(5);

pub(super) fn lint(toml: &FlyToml) -> Vec<Lint> {
    let Some((_, spec)) = toml.served().next() else { return Vec::new() };
    let stop = spec.stop.as_ref();
    let text = |key: &str| stop.and_then(|it| it[key].as_str());
    let signal = text("signal").unwrap_or(DEFAULT_SIGNAL);
    let timeout = text("timeout").and_then(duration::parse).unwrap_or(DEFAULT_TIMEOUT);
    let mut lints = Vec::new();
    if signal != "SIGTERM" {
        let message = format!(
            "machines are stopped with {signal}, on which many servers drop their requests"
        );
        let remedy = "set kill_signal = \"SIGTERM\" at the top of the file";
        lints.push(Lint::warning("kill-signal", toml.at("kill_signal"), message, remedy));
    }
    if timeout < ENOUGH {
        let message = format!(
            "a machine is killed {} after it was told to stop, whatever it still answers",
            duration::go(timeout)
        );
        let remedy = "set kill_timeout = 30 or more at the top of the file";
        lints.push(Lint::warning("kill-timeout", toml.at("kill_timeout"), message, remedy));
    }
    let wait = toml.wait_timeout.unwrap_or(DEFAULT_WAIT);
    if timeout >= wait {
        let message = format!(
            "a machine may take {} to stop, and is waited for only {} to be up again",
            duration::go(timeout),
            duration::go(wait)
        );
        let remedy = "make deploy.wait_timeout longer than kill_timeout by what a start takes";
        lints.push(Lint::warning("slow-stop", toml.at("kill_timeout"), message, remedy));
    }
    lints
}
