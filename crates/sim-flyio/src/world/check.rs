//! Health checks as a machine configuration describes them, with the platform's bounds.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    config::{Config, port},
    refusal::Refusal,
};
use crate::{clock::Millis, duration};

/// Bounds of interval and timeout (fly.io docs: configuration, checks).
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);
/// Defaults (same page): first check after, time between checks, patience.
const GRACE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(15);
const TIMEOUT: Duration = Duration::from_secs(2);

/// How a check asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Passes when the port can be connected to.
    Tcp,
    /// Passes on any 2xx; redirects are not followed.
    Http { method: String, path: String, headers: Vec<(String, String)> },
}

/// One check of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckSpec {
    pub(crate) name: String,
    /// Only checks of services decide whether the proxy sends traffic.
    pub(crate) of_service: bool,
    pub(crate) probe: Probe,
    /// The port inside the machine.
    pub(crate) port: u16,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) grace: Duration,
}

impl CheckSpec {
    /// All checks of a configuration: those of services, numbered through, then named ones.
    pub(crate) fn of(config: Config<'_>) -> Result<Vec<Self>, Refusal> {
        let mut found: Vec<Self> = Vec::new();
        for service in config.services() {
            for check in service["checks"].as_array().into_iter().flatten() {
                let port = port(&service["internal_port"]);
                let mut spec = Self::read(check, port, "service check")?;
                let kind = if spec.probe == Probe::Tcp { "tcp" } else { "http" };
                spec.name = format!("servicecheck-{:02}-{kind}-{}", found.len(), spec.port);
                found.push(Self { of_service: true, ..spec });
            }
        }
        let default = config.services().first().and_then(|s| port(&s["internal_port"]));
        for (name, check) in config.0["checks"].as_object().into_iter().flatten() {
            let spec = Self::read(check, default, &format!("check '{name}'"))?;
            found.push(Self { name: name.clone(), ..spec });
        }
        Ok(found)
    }

    fn read(check: &Value, default: Option<u16>, what: &str) -> Result<Self, Refusal> {
        let invalid = |why: &str| Refusal::invalid(format!("{what}: {why}"));
        let time = |key: &str, default: Duration| match &check[key] {
            Value::Null => Ok(default),
            value => duration::read(value).ok_or_else(|| invalid(&format!("bad {key} {value}"))),
        };
        let probe = match check["type"].as_str() {
            Some("tcp") => Probe::Tcp,
            Some("http") if check["protocol"] == "https" => {
                return Err(invalid("protocol https is not simulated"));
            }
            Some("http") => http(check),
            _ => return Err(invalid("type must be http or tcp")),
        };
        Ok(Self {
            name: String::new(),
            of_service: false,
            probe,
            port: port(&check["port"]).or(default).ok_or_else(|| invalid("port is required"))?,
            interval: time("interval", INTERVAL)?.clamp(SHORTEST, LONGEST),
            timeout: time("timeout", TIMEOUT)?.clamp(SHORTEST, LONGEST),
            grace: match time("grace_period", GRACE)? {
                Duration::ZERO => Duration::ZERO,
                short => short.max(SHORTEST),
            },
        })
    }
}

fn http(check: &Value) -> Probe {
    let text = |key: &str, default: &str| match check[key].as_str() {
        None | Some("") => default.to_owned(),
        Some(text) => text.to_owned(),
    };
    let headers = check["headers"].as_array().into_iter().flatten().flat_map(|header| {
        let name = header["name"].as_str().unwrap_or_default();
        let values = header["values"].as_array().into_iter().flatten();
        values.filter_map(move |value| Some((name.to_owned(), value.as_str()?.to_owned())))
    });
    Probe::Http {
        method: text("method", "GET").to_uppercase(),
        path: text("path", "/"),
        headers: headers.collect(),
    }
}

/// What a check last said.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) spec: CheckSpec,
    pub(crate) passing: bool,
    pub(crate) output: String,
    /// When the status last changed, not when it was last asked.
    pub(crate) updated_at: Millis,
}

impl Check {
    pub(crate) fn new(spec: CheckSpec, now: Millis) -> Self {
        let output = "the machine is not running".to_owned();
        Self { spec, passing: false, output, updated_at: now }
    }

    pub(crate) fn status(&self) -> &'static str {
        if self.passing { "passing" } else { "critical" }
    }

    /// Takes an answer in; says whether the status changed.
    pub(crate) fn note(&mut self, passing: bool, output: String, now: Millis) -> bool {
        let changed = self.passing != passing;
        if changed {
            self.updated_at = now;
        }
        (self.passing, self.output) = (passing, output);
        changed
    }
}

/// Where a program can be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    /// A port of this host.
    Loopback(u16),
    /// The application that runs inside the simulator, by its boot.
    Inside(u64),
}

/// Where the ports of one running machine really are, by the port inside the machine.
pub(crate) type Ports = BTreeMap<u16, Address>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_count_service_checks_through_and_keep_the_names_of_others() {
        let config = json!({
            "services": [
                { "internal_port": 8080, "checks": [{ "type": "http" }, { "type": "tcp" }] },
                { "internal_port": 9000, "checks": [{ "type": "tcp" }] },
            ],
            "checks": { "alive": { "type": "http", "path": "/up" } },
        });
        let checks = CheckSpec::of(Config(&config)).unwrap();
        let named: Vec<(&str, bool, u16)> =
            checks.iter().map(|c| (c.name.as_str(), c.of_service, c.port)).collect();
        assert_eq!(
            named,
            [
                ("servicecheck-00-http-8080", true, 8080),
                ("servicecheck-01-tcp-8080", true, 8080),
                ("servicecheck-02-tcp-9000", true, 9000),
                ("alive", false, 8080),
            ]
        );
    }

    #[test]
    fn times_have_defaults_and_are_kept_within_the_bounds_of_the_platform() {
        let times = |check: Value| {
            let config = json!({ "checks": { "c": check } });
            let check = CheckSpec::of(Config(&config)).unwrap().remove(0);
            [check.grace, check.interval, check.timeout].map(|t| t.as_millis())
        };
        assert_eq!(times(json!({ "type": "tcp", "port": 1 })), [1000, 15_000, 2000]);
        assert_eq!(
            times(
                json!({ "type": "tcp", "port": 1, "interval": "5m", "timeout": "10ms", "grace_period": "1ms" })
            ),
            [1000, 60_000, 1000]
        );
        assert_eq!(
            times(
                json!({ "type": "tcp", "port": 1, "interval": 2_000_000_000_u64, "grace_period": "0s" })
            ),
            [0, 2000, 2000]
        );
    }

    #[test]
    fn http_checks_carry_method_path_and_headers() {
        let config = json!({ "checks": { "c": {
            "type": "http", "port": 1, "method": "head", "path": "/up",
            "headers": [{ "name": "X-Forwarded-Proto", "values": ["https"] }],
        } } });
        let check = CheckSpec::of(Config(&config)).unwrap().remove(0);
        let headers = vec![("X-Forwarded-Proto".to_owned(), "https".to_owned())];
        let (method, path) = ("HEAD".to_owned(), "/up".to_owned());
        assert_eq!(check.probe, Probe::Http { method, path, headers });
    }

    #[test]
    fn a_check_without_a_port_or_with_a_bad_time_is_refused() {
        let error = |check: Value| {
            CheckSpec::of(Config(&json!({ "checks": { "c": check } }))).unwrap_err().error
        };
        assert_eq!(
            error(json!({ "type": "tcp" })),
            "invalid_argument: check 'c': port is required"
        );
        assert_eq!(
            error(json!({ "type": "tcp", "port": 1, "interval": "soon" })),
            "invalid_argument: check 'c': bad interval \"soon\""
        );
    }

    #[test]
    fn the_time_of_change_moves_only_when_the_status_does() {
        let config = json!({ "checks": { "c": { "type": "tcp", "port": 1 } } });
        let mut check = Check::new(CheckSpec::of(Config(&config)).unwrap().remove(0), 1);
        assert_eq!((check.status(), check.updated_at), ("critical", 1));
        assert!(!check.note(false, "refused".into(), 2));
        assert!(check.note(true, "ok".into(), 3));
        assert!(!check.note(true, "ok".into(), 4));
        assert_eq!((check.status(), check.updated_at), ("passing", 3));
    }
}
