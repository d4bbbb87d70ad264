//! Health checks: of services, and by name. A bare number is milliseconds (flyctl: `patches.go`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::FlyTomlError;
use super::groups::{Groups, Specs};
use super::reader::Section;
use super::services::ServiceAt;
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
    let headers = read_headers(section)?;
    if !headers.is_empty() {
        let header = |(name, value)| json!({"name": name, "values": [value]});
        check["headers"] = headers.into_iter().map(header).collect();
    }
    Ok(())
}

/// The older form is a list of tables with name and value.
fn read_headers(section: &Section<'_>) -> Result<BTreeMap<String, String>, FlyTomlError> {
    if !section.is_list("headers") {
        return section.map("headers");
    }
    let mut headers = BTreeMap::new();
    for header in section.sections("headers")? {
        let Some(name) = header.scalar("name")? else {
            return Err(header.error("name", "is missing"));
        };
        headers.insert(name, header.scalar("value")?.unwrap_or_default());
        header.finish();
    }
    Ok(headers)
}

/// `[checks.NAME]`. Its port is that of the group's `[http_service]` where it names none.
pub(super) fn read_named_checks(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut Specs,
    services: &[ServiceAt],
) -> Result<(), FlyTomlError> {
    for (name, section) in named(root)? {
        let Some(kind) = section.one_of("type", &["http", "tcp"])? else {
            return Err(section.error("type", "is missing: http or tcp"));
        };
        let check = read_check(&section, &kind)?;
        within_bounds(&section)?;
        let port = section.port("port")?;
        let chosen = groups.chosen(&section)?;
        section.finish();
        for group in chosen {
            let Some(spec) = specs.get_mut(&group) else { continue };
            let Some(port) = port.or_else(|| http_port(services, &group)) else {
                let problem =
                    format!("is missing: the group {group} has no http_service to take it from");
                return Err(section.error("port", &problem));
            };
            let mut check = check.clone();
            check["port"] = port.into();
            spec.checks.insert(name.clone(), check);
        }
    }
    Ok(())
}

fn http_port(services: &[ServiceAt], group: &String) -> Option<u64> {
    let http = services.iter().find(|it| it.is_http() && it.groups.contains(group))?;
    http.config["internal_port"].as_u64()
}

/// The older form is a list of tables with names.
fn named<'a>(root: &Section<'a>) -> Result<Vec<(String, Section<'a>)>, FlyTomlError> {
    if !root.is_list("checks") {
        return root.named("checks");
    }
    let with_name = |section: Section<'a>| match section.text("name")? {
        Some(name) => Ok((name, section)),
        None => Err(section.error("name", "is missing")),
    };
    root.sections("checks")?.into_iter().map(with_name).collect()
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
