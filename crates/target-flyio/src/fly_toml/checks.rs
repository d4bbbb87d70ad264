//! Health checks: of services, and by name. A bare number is milliseconds (flyctl: `patches.go`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::FlyTomlError;
use super::groups::{Groups, each};
use super::reader::Section;
use crate::desired::GroupSpec;
use crate::duration;

/// The bounds of `[checks.NAME]` (flyctl: `validation.go`).
const SHORTEST_INTERVAL: Duration = Duration::from_secs(2);
const LONGEST_TIMEOUT: Duration = Duration::from_mins(1);

/// One check as the machine's configuration holds it.
pub(super) fn read_check(section: &Section<'_>, kind: &str) -> Result<Value, FlyTomlError> {
    let mut check = json!({"type": kind});
    for key in ["interval", "timeout", "grace_period"] {
        if let Some(time) = section.duration(key, Duration::from_millis(1))? {
            check[key] = duration::go(time).into();
        }
    }
    if kind == "http" {
        read_http(section, &mut check)?;
    }
    Ok(check)
}

fn read_http(section: &Section<'_>, check: &mut Value) -> Result<(), FlyTomlError> {
    if let Some(method) = section.text("method")? {
        check["method"] = method.to_uppercase().into();
    }
    if let Some(path) = section.text("path")? {
        if !path.starts_with('/') {
            return Err(section.error("path", "must start with a slash"));
        }
        check["path"] = path.into();
    }
    if let Some(protocol) = section.one_of("protocol", &["http", "https"])? {
        check["protocol"] = protocol.into();
    }
    if let Some(skip) = section.boolean("tls_skip_verify")? {
        check["tls_skip_verify"] = skip.into();
    }
    if let Some(name) = section.text("tls_server_name")? {
        check["tls_server_name"] = name.into();
    }
    let headers = section.map("headers")?;
    if !headers.is_empty() {
        let header = |(name, value)| json!({"name": name, "values": [value]});
        check["headers"] = headers.into_iter().map(header).collect();
    }
    Ok(())
}

/// `[checks.NAME]`. Its port is that of the group's first service where it names none.
pub(super) fn read_named_checks(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut BTreeMap<String, GroupSpec>,
) -> Result<(), FlyTomlError> {
    for (name, section) in root.named("checks")? {
        let Some(kind) = section.one_of("type", &["http", "tcp"])? else {
            return Err(section.error("type", "is missing: http or tcp"));
        };
        let mut check = read_check(&section, &kind)?;
        within_bounds(&section)?;
        let chosen = groups.chosen(&section)?;
        let served = chosen.iter().filter_map(|group| specs.get(group)?.services.first());
        let default = served.map(|service| service["internal_port"].clone()).next();
        match (section.port("port")?, default) {
            (Some(port), _) => check["port"] = port.into(),
            (None, Some(port)) => check["port"] = port,
            (None, None) => {
                return Err(section.error("port", "is missing: the group has no service"));
            }
        }
        section.finish();
        each(specs, &chosen, |spec| {
            spec.checks.insert(name.clone(), check.clone());
        });
    }
    Ok(())
}

fn within_bounds(section: &Section<'_>) -> Result<(), FlyTomlError> {
    let unit = Duration::from_millis(1);
    if section.duration("interval", unit)?.is_some_and(|it| it < SHORTEST_INTERVAL) {
        return Err(section.error("interval", "must be at least 2 seconds"));
    }
    if section.duration("timeout", unit)?.is_some_and(|it| it > LONGEST_TIMEOUT) {
        return Err(section.error("timeout", "must be at most 1 minute"));
    }
    Ok(())
}
