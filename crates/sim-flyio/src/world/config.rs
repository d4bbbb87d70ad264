//! Reading a machine configuration. The configuration itself stays raw JSON, so that keys which
//! the simulator does not know come back exactly as they were sent.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{check::CheckSpec, refusal::Refusal, signal};
use crate::{duration, image::Image};

/// How long a process may take to stop if its configuration does not say
/// (fly.io docs: configuration, `kill_timeout`).
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest allowed stop timeout (same page).
pub(crate) const STOP_TIMEOUT_MAX: Duration = Duration::from_mins(5);
/// Restarts within the window of the restart policy (fly.io docs: machine restart policy).
const MAX_RETRIES: u64 = 10;

/// The memory of the smallest machine.
const MEMORY_MB: u64 = 256;

/// When a process that ended by itself is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    Never,
    Always,
    /// After a failure, so many times within five minutes.
    OnFailure(u64),
}

/// A machine configuration with the defaults of the platform.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config<'a>(pub(crate) &'a Value);

impl<'a> Config<'a> {
    /// Refuses what the platform refuses, before anything is changed.
    pub(crate) fn validate(self) -> Result<(), Refusal> {
        if !self.0.is_object() {
            return Err(Refusal::invalid("config is required"));
        }
        if self.image().is_empty() {
            return Err(Refusal::invalid("config.image is required"));
        }
        for key in ["env", "metadata"] {
            let strings = |map: &serde_json::Map<_, _>| map.values().all(Value::is_string);
            if !self.0[key].is_null() && !self.0[key].as_object().is_some_and(strings) {
                return Err(Refusal::invalid(format!("config.{key} must map strings to strings")));
            }
        }
        self.stop_signal()?;
        self.stop_timeout()?;
        self.restart()?;
        CheckSpec::of(self).map(|_| ())
    }

    pub(crate) fn image(self) -> &'a str {
        self.0["image"].as_str().unwrap_or_default()
    }

    pub(crate) fn strings(self, key: &str) -> BTreeMap<String, String> {
        let entries = self.0[key].as_object().into_iter().flatten();
        entries.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
    }

    /// What is run: `init.exec`, else entry point and command, each of `init` or else of the image.
    /// An entry point of `init` leaves nothing of the image's command, as in Docker.
    pub(crate) fn command(self, image: &Image) -> Vec<String> {
        let exec = self.init("exec");
        if !exec.is_empty() {
            return exec;
        }
        let (entrypoint, cmd) = (self.init("entrypoint"), self.init("cmd"));
        let own =
            |words: &[String]| words.iter().filter(|_| entrypoint.is_empty()).cloned().collect();
        let cmd = if cmd.is_empty() { own(&image.command) } else { cmd };
        let before: Vec<String> = own(&image.entrypoint);
        [before, entrypoint, cmd].concat()
    }

    fn init(self, key: &str) -> Vec<String> {
        let words = self.0["init"][key].as_array().into_iter().flatten();
        words.filter_map(|word| Some(word.as_str()?.to_owned())).collect()
    }

    /// `SIGINT` if the configuration does not say (fly.io docs: configuration, `kill_signal`).
    pub(crate) fn stop_signal(self) -> Result<i32, Refusal> {
        match &self.0["stop_config"]["signal"] {
            Value::Null => Ok(signal::DEFAULT),
            name => signal::of_config(name)
                .ok_or_else(|| Refusal::invalid(format!("unknown stop_config.signal {name}"))),
        }
    }

    pub(crate) fn stop_timeout(self) -> Result<Duration, Refusal> {
        stop_timeout(&self.0["stop_config"]["timeout"], STOP_TIMEOUT)
    }

    pub(crate) fn restart(self) -> Result<Restart, Refusal> {
        let restart = &self.0["restart"];
        Ok(match restart["policy"].as_str().unwrap_or("on-failure") {
            // The right price never comes.
            "no" | "spot-price" => Restart::Never,
            "always" => Restart::Always,
            "on-failure" | "" => Restart::OnFailure(
                restart["max_retries"].as_u64().filter(|n| *n > 0).unwrap_or(MAX_RETRIES),
            ),
            other => return Err(Refusal::invalid(format!("unknown restart.policy '{other}'"))),
        })
    }

    /// 256 MiB if it does not say (fly.io docs: configuration, `vm`, of one shared CPU).
    pub(crate) fn memory_mb(self) -> u64 {
        let said = self.0["guest"]["memory_mb"].as_u64().filter(|mb| *mb > 0);
        said.unwrap_or(MEMORY_MB)
    }

    pub(crate) fn is_auto_destroyed(self) -> bool {
        self.0["auto_destroy"].as_bool().unwrap_or(false)
    }

    pub(crate) fn services(self) -> &'a [Value] {
        self.0["services"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The ports that the program inside is asked to listen on: those of services, then those of
    /// checks. The first one is the machine's main port.
    pub(crate) fn internal_ports(self) -> Vec<u16> {
        let services = self.services().iter().filter_map(|service| port(&service["internal_port"]));
        let checks = CheckSpec::of(self).unwrap_or_default();
        let mut ports: Vec<u16> = Vec::new();
        for port in services.chain(checks.iter().map(|check| check.port)) {
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        ports
    }
}

/// A stop timeout as it comes in a configuration or in a stop request; zero or absent is the
/// default.
pub(crate) fn stop_timeout(value: &Value, default: Duration) -> Result<Duration, Refusal> {
    if value.is_null() {
        return Ok(default);
    }
    let timeout = duration::read(value)
        .ok_or_else(|| Refusal::invalid(format!("stop timeout {value} is not a duration")))?;
    match timeout {
        Duration::ZERO => Ok(default),
        long if long > STOP_TIMEOUT_MAX => Err(Refusal::stop_timeout_too_long()),
        timeout => Ok(timeout),
    }
}

/// A port number that is one.
pub(crate) fn port(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(config: &Value) -> String {
        Config(config).validate().unwrap_err().error
    }

    #[test]
    fn defaults_are_those_of_the_platform() {
        let config = json!({ "image": "registry.fly.io/shop:v1" });
        let config = Config(&config);
        assert_eq!(config.validate(), Ok(()));
        assert_eq!(config.stop_signal(), Ok(signal::DEFAULT));
        assert_eq!(config.stop_timeout(), Ok(Duration::from_secs(5)));
        assert_eq!(config.restart(), Ok(Restart::OnFailure(10)));
    }

    #[test]
    fn what_the_platform_refuses_is_refused() {
        let with = |key: &str, value: Value| {
            let mut config = json!({ "image": "x" });
            config[key] = value;
            config
        };
        assert_eq!(refusal(&json!(null)), "invalid_argument: config is required");
        assert_eq!(refusal(&json!({})), "invalid_argument: config.image is required");
        assert_eq!(
            refusal(&with("env", json!({ "A": 1 }))),
            "invalid_argument: config.env must map strings to strings"
        );
        assert_eq!(
            refusal(&with("stop_config", json!({ "timeout": "6m" }))),
            "invalid stop_config.timeout, cannot exceed 5 minutes"
        );
        assert_eq!(
            refusal(&with("stop_config", json!({ "signal": "SIGWHAT" }))),
            "invalid_argument: unknown stop_config.signal \"SIGWHAT\""
        );
    }

    #[test]
    fn what_is_run_is_put_together_as_docker_does_it() {
        let image = Image::new("x", ["image"]);
        let with_entry = Image { entrypoint: vec!["entry".into()], ..image.clone() };
        let table = [
            (&image, json!({}), vec!["image"]),
            (&image, json!({ "cmd": ["b"] }), vec!["b"]),
            (&image, json!({ "entrypoint": ["a"], "cmd": ["b"] }), vec!["a", "b"]),
            (&image, json!({ "exec": ["c"], "entrypoint": ["a"] }), vec!["c"]),
            (&with_entry, json!({}), vec!["entry", "image"]),
            (&with_entry, json!({ "cmd": ["migrate"] }), vec!["entry", "migrate"]),
            (&with_entry, json!({ "entrypoint": ["a"] }), vec!["a"]),
        ];
        for (image, init, wanted) in table {
            assert_eq!(Config(&json!({ "init": init })).command(image), wanted, "{init}");
        }
    }

    #[test]
    fn the_first_service_has_the_main_port_and_checks_add_theirs() {
        let config = json!({
            "services": [{ "internal_port": 8080 }, { "internal_port": 9000 }],
            "checks": { "metrics": { "type": "tcp", "port": 9091 } },
        });
        assert_eq!(Config(&config).internal_ports(), [8080, 9000, 9091]);
    }
}
