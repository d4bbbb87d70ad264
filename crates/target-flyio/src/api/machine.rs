//! A machine as the API shows it. Its configuration stays raw JSON: whatever this crate does not know
//! must survive being read and written back.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::desired::{launch_of, run_of};

/// The groups that flyctl uses for machines of its own (flyctl: release command, tests, console).
const RESERVED: [&str; 3] =
    ["fly_app_release_command", "fly_app_test_machine_command", "fly_app_console"];
/// Checks that the platform adds for its own use (fly-go: machine types).
const PSEUDO_CHECK: &str = "bg_deployments_compat";

/// One machine, leniently read: unknown keys are ignored and missing ones empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) region: String,
    pub(crate) instance_id: String,
    pub(crate) config: Value,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) cordoned: bool,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) image_ref: ImageRef,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) checks: Vec<CheckState>,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) events: Vec<MachineEvent>,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) private_ip: String,
    pub(crate) host_status: Option<String>,
    /// Only in the reply to a creation that asked for a lease.
    pub(crate) nonce: Option<String>,
}

/// What the image reference resolved to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ImageRef {
    #[serde(deserialize_with = "or_empty")]
    pub(crate) digest: String,
}

/// What a health check last said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CheckState {
    pub(crate) name: String,
    pub(crate) status: String,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) output: String,
}

/// An entry of a machine's event log, which comes newest first.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MachineEvent {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// In milliseconds.
    pub(crate) timestamp: i64,
    pub(crate) request: Value,
}

/// Does a machine run?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    /// Its program runs.
    Up,
    /// It is on its way to somewhere.
    Moving,
    /// It stays off until somebody acts.
    Down,
    /// It is destroyed, or is being destroyed.
    Gone,
}

impl Machine {
    pub(crate) fn power(&self) -> Power {
        power(&self.state)
    }

    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        self.config["metadata"][key].as_str().filter(|value| !value.is_empty())
    }

    /// The run that it is the work of.
    pub(crate) fn run(&self) -> Option<&str> {
        run_of(&self.config)
    }

    /// The launch that it was created for.
    pub(crate) fn launch(&self) -> Option<&str> {
        launch_of(&self.config)
    }

    pub(crate) fn image(&self) -> &str {
        self.config["image"].as_str().unwrap_or_default()
    }

    /// The image with the digest that it resolved to.
    pub(crate) fn full_image(&self) -> String {
        match (self.image(), &*self.image_ref.digest) {
            (image, digest) if digest.is_empty() || image.contains('@') => image.to_owned(),
            (image, digest) => format!("{image}@{digest}"),
        }
    }

    /// Does it run `wanted`? By digest where one is given, else by the name it was given.
    pub(crate) fn runs(&self, wanted: &str) -> bool {
        match wanted.split_once('@') {
            Some((_, digest)) if !self.image_ref.digest.is_empty() => {
                self.image_ref.digest == digest
            }
            Some((_, digest)) => self.image().ends_with(&format!("@{digest}")),
            None => self.image() == wanted || self.image().starts_with(&format!("{wanted}@")),
        }
    }

    /// Does the platform show its configuration? While its host is cut off, it does not.
    pub(crate) fn is_readable(&self) -> bool {
        self.config.is_object()
    }

    /// Why it is none of ours to touch, if it is not.
    pub(crate) fn foreign(&self) -> Option<String> {
        if self.is_one_off() {
            let group = self.metadata("fly_process_group").unwrap_or_default();
            return Some(format!("it belongs to flyctl's own group {group}"));
        }
        let platform = self.metadata("fly_platform_version") == Some("v2");
        let known = self.config.is_null() || platform;
        (!known).then(|| "it carries no fly_platform_version=v2, so no deploy made it".to_owned())
    }

    /// Its health checks, without the platform's own.
    pub(crate) fn checks(&self) -> impl Iterator<Item = &CheckState> {
        self.checks.iter().filter(|check| !check.name.starts_with(PSEUDO_CHECK))
    }

    /// Has it been given any check at all?
    pub(crate) fn is_checked(&self) -> bool {
        has_checks(&self.config)
    }

    /// Do all of its checks pass, and is there at least one where some were configured?
    pub(crate) fn is_healthy(&self) -> bool {
        let passing = self.checks().filter(|check| check.status == "passing").count();
        let total = self.checks().count();
        passing == total && (total > 0 || !self.is_checked())
    }

    /// Do users' requests reach it, as far as the API knows?
    pub(crate) fn serves(&self) -> bool {
        let served = self.config["services"].as_array().is_some_and(|it| !it.is_empty());
        self.power() == Power::Up && !self.cordoned && served
    }

    /// The last thing a failing check said.
    pub(crate) fn complaint(&self) -> String {
        let failing = self.checks().find(|check| check.status != "passing");
        failing.map_or_else(
            || "its checks have not been reported yet".to_owned(),
            |check| format!("check {} is {}: {}", check.name, check.status, check.output.trim()),
        )
    }

    /// Was its program ever started?
    pub(crate) fn was_started(&self) -> bool {
        self.events.iter().any(|it| matches!(&*it.kind, "start" | "exit"))
    }

    /// How its program ended, if it has since it was last started.
    pub(crate) fn ended(&self) -> Option<Exit> {
        self.events.iter().take_while(|it| it.kind != "start").find_map(Exit::of)
    }

    /// Does it only run one command, for flyctl or for us?
    pub(crate) fn is_one_off(&self) -> bool {
        RESERVED.contains(&self.metadata("fly_process_group").unwrap_or_default())
    }

    /// How its program last ended, however that was.
    pub(crate) fn last_exit(&self) -> Option<String> {
        self.events.iter().find_map(Exit::of).map(|exit| exit.text())
    }

    /// When its program last ended other than well, or as it was told to.
    pub(crate) fn last_abnormal_exit(&self) -> Option<i64> {
        let bad = |it: &&MachineEvent| Exit::of(it).is_some_and(|exit| exit.is_abnormal());
        self.events.iter().find(bad).map(|it| it.timestamp)
    }

    /// How its program died since the last change of its configuration, if it will not come up by itself:
    /// out of memory, twice, or for good.
    pub(crate) fn crash(&self) -> Option<String> {
        let since = self.events.iter().take_while(|it| !matches!(&*it.kind, "update" | "launch"));
        let exits: Vec<Exit> = since.filter_map(Exit::of).filter(Exit::is_abnormal).collect();
        let last = exits.first()?;
        let hopeless = last.out_of_memory || !last.restarting || exits.len() > 1;
        hopeless.then(|| last.text())
    }
}

/// What a state means.
pub(crate) fn power(state: &str) -> Power {
    match state {
        "started" => Power::Up,
        "stopped" | "suspended" | "failed" => Power::Down,
        "destroyed" | "destroying" => Power::Gone,
        _ => Power::Moving,
    }
}

/// Does a configuration hold any check?
pub(crate) fn has_checks(config: &Value) -> bool {
    let service_checks = config["services"].as_array().into_iter().flatten();
    let of_services = service_checks.filter_map(|service| service["checks"].as_array());
    let named = config["checks"].as_object().is_some_and(|checks| !checks.is_empty());
    named || of_services.flatten().next().is_some()
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    code: i64,
    signal: i64,
    out_of_memory: bool,
    requested: bool,
    restarting: bool,
}

impl Exit {
    fn of(event: &MachineEvent) -> Option<Self> {
        if event.kind != "exit" {
            return None;
        }
        let inner = &event.request["MonitorEvent"]["exit_event"];
        let exit = if inner.is_null() { &event.request["exit_event"] } else { inner };
        let number = |key: &str| exit[key].as_i64();
        let guest = number("guest_exit_code").filter(|code| *code != 0);
        Some(Self {
            code: guest.or_else(|| number("exit_code")).unwrap_or(0),
            signal: number("guest_signal").unwrap_or(0).max(0),
            out_of_memory: exit["oom_killed"].as_bool().unwrap_or(false),
            requested: exit["requested_stop"].as_bool().unwrap_or(false),
            restarting: exit["restarting"].as_bool().unwrap_or(false),
        })
    }

    /// Did it end well, by itself?
    pub(crate) fn is_good(&self) -> bool {
        self.code == 0 && self.signal == 0 && !self.out_of_memory
    }

    fn is_abnormal(&self) -> bool {
        !self.requested && !self.is_good()
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self { out_of_memory: true, .. } => "it ran out of memory".to_owned(),
            Self { signal, .. } if *signal > 0 => format!("it was ended by signal {signal}"),
            Self { code, .. } => format!("it exited with code {code}"),
        }
    }
}

/// `null` means empty.
fn or_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
