//! How many machines there are, what they need, and what is believed of them.

use pipeline_core::Severity;

use super::{Lint, LintSetting};
use crate::config::Strategy;
use crate::fly_toml::FlyToml;

pub(super) fn lint(toml: &FlyToml, setting: &LintSetting) -> Vec<Lint> {
    let mut lints = Vec::new();
    if setting.production {
        lints.extend(asleep(toml));
        lints.extend(alone(toml, setting.ha));
    }
    lints.extend(volumes(toml, setting.strategy.or(toml.strategy)));
    lints.extend(endless_release(toml));
    lints.extend(other_port(toml));
    if toml.auto_rollback {
        let message =
            "auto_rollback does nothing: flyctl never takes a failed deploy back".to_owned();
        let remedy = "remove it; pipeline restores the old release by itself";
        lints.push(Lint::warning(
            "auto-rollback",
            toml.at("experimental.auto_rollback"),
            message,
            remedy,
        ));
    }
    lints
}

/// Services whose last machine may be stopped.
fn asleep(toml: &FlyToml) -> impl Iterator<Item = Lint> + '_ {
    let may_sleep = toml.services.iter().filter(|it| {
        it.config["autostop"] != "off"
            && it.config["min_machines_running"].as_u64().unwrap_or(0) == 0
    });
    may_sleep.map(|it| {
        let message = "all machines may be stopped when nobody asks, and a deploy verifies only \
                       those that run"
            .to_owned();
        let remedy = "set min_machines_running = 1 or more, or auto_stop_machines = \"off\"";
        Lint::warning(
            "min-machines",
            toml.at(&format!("{}.auto_stop_machines", it.key)),
            message,
            remedy,
        )
    })
}

/// Groups that begin with one machine.
fn alone(toml: &FlyToml, ha: bool) -> impl Iterator<Item = Lint> + '_ {
    let mounted = move |mounts: bool| match (mounts, ha) {
        (true, _) => Some("because of its volume"),
        (false, false) => Some("because `ha` is off"),
        (false, true) => None,
    };
    toml.served().filter_map(move |(group, spec)| {
        let why = mounted(!spec.mounts.is_empty())?;
        let message = format!(
            "the group {group} is made with one machine, {why}: while that one restarts, nobody answers"
        );
        let remedy = "use two machines in production: `fly scale count 2`, or ha = true";
        Some(Lint::warning("one-machine", toml.at(toml.service_key(group)), message, remedy))
    })
}

fn volumes(toml: &FlyToml, strategy: Option<Strategy>) -> Option<Lint> {
    let (group, _) = toml.groups.iter().find(|(_, spec)| !spec.mounts.is_empty())?;
    let (severity, what) = match strategy? {
        Strategy::BlueGreen => (Severity::Error, "bluegreen cannot move to new machines"),
        Strategy::Canary => (Severity::Warning, "flyctl refuses to deploy as a canary"),
        Strategy::Rolling | Strategy::Immediate => return None,
    };
    let message = format!("the group {group} has a volume, which {what}");
    let remedy = "use the rolling strategy for this app";
    Some(Lint { severity, ..Lint::warning("volume-strategy", toml.at("mounts"), message, remedy) })
}

fn endless_release(toml: &FlyToml) -> Option<Lint> {
    let endless = toml.release.as_ref()?.timeout.is_none();
    endless.then(|| {
        let message = "the release command may run for ever, and the deploy with it".to_owned();
        let remedy = "set release_command_timeout to the longest it may take, such as \"15m\"";
        Lint::warning("release-timeout", toml.at("deploy.release_command_timeout"), message, remedy)
    })
}

/// The variable that most frameworks listen by says another port than the proxy knows.
fn other_port(toml: &FlyToml) -> Option<Lint> {
    let service = toml.services.iter().find(|it| it.is_http())?;
    let spec = toml.groups.get(service.groups.first()?)?;
    let (port, proxied) =
        (spec.env.get("PORT")?.parse().ok()?, service.config["internal_port"].as_u64()?);
    let other: bool = u64::ne(&port, &proxied);
    other.then(|| {
        let message =
            format!("the proxy asks port {proxied}, and [env] tells the app PORT = {port}");
        let remedy = "make http_service.internal_port and PORT the same";
        Lint::warning("internal-port", toml.at("http_service.internal_port"), message, remedy)
    })
}
