//! `[http_service]` and `[[services]]`: what the proxy sends to a group's machines.

use serde_json::{Value, json};

use super::FlyTomlError;
use super::checks::read_check;
use super::groups::Groups;
use super::reader::Section;
use super::trials::Trials;

/// `internal_port` where the file says none (fly.io docs: configuration).
const PORT: u64 = 8080;

/// One service, and where the file says it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServiceAt {
    /// `http_service`, or a name such as `services[0]`.
    pub(crate) key: String,
    pub(crate) groups: Vec<String>,
    /// As a machine's configuration holds it.
    pub(crate) config: Value,
}

impl ServiceAt {
    pub(crate) fn is_http(&self) -> bool {
        self.key == "http_service"
    }
}

/// Reads all services, `[http_service]` first, as flyctl puts them.
pub(super) fn read_services(
    root: &Section<'_>,
    groups: &Groups,
    trials: &mut Trials,
) -> Result<Vec<ServiceAt>, FlyTomlError> {
    let mut services = Vec::new();
    if let Some(section) = root.section("http_service")? {
        let mut service = read_common(&section)?;
        service["ports"] = read_http_ports(&section)?;
        service["checks"] = read_checks(&section, &[("checks", "http")])?;
        services.push(placed(&section, service, groups, trials)?);
    }
    for section in root.sections("services")? {
        // An empty one counts for nothing (flyctl: `patches.go`).
        if section.is_empty() {
            continue;
        }
        let protocol = section.one_of("protocol", &["tcp", "udp"])?;
        let mut service = read_common(&section)?;
        service["protocol"] = protocol.as_deref().unwrap_or("tcp").into();
        service["ports"] = read_ports(&section)?;
        service["checks"] =
            read_checks(&section, &[("tcp_checks", "tcp"), ("http_checks", "http")])?;
        services.push(placed(&section, service, groups, trials)?);
    }
    Ok(services)
}

fn placed(
    section: &Section<'_>,
    config: Value,
    groups: &Groups,
    trials: &mut Trials,
) -> Result<ServiceAt, FlyTomlError> {
    // Machine checks of a service without groups are for all groups (flyctl: `machinebasedtest.go`).
    trials.read(section, &groups.chosen_or_all(section)?)?;
    let groups = groups.chosen_by_service(section)?;
    section.finish();
    Ok(ServiceAt { key: section.own_name().to_owned(), groups, config })
}

fn read_common(section: &Section<'_>) -> Result<Value, FlyTomlError> {
    let port = section.port("internal_port")?.unwrap_or(PORT);
    let mut service = json!({
        "protocol": "tcp",
        "internal_port": port,
        "autostart": section.boolean("auto_start_machines")?.unwrap_or(true),
        "autostop": read_autostop(section)?,
    });
    if let Some(least) = section.integer("min_machines_running")? {
        service["min_machines_running"] = least.into();
    }
    if let Some(limits) = read_concurrency(section)? {
        service["concurrency"] = limits;
    }
    Ok(service)
}

/// The older form is `"SOFT,HARD"`, which counts requests (flyctl: `patches.go`).
fn read_concurrency(section: &Section<'_>) -> Result<Option<Value>, FlyTomlError> {
    if let Ok(Some(text)) = section.text("concurrency") {
        let limits = text.split_once(',').and_then(|(soft, hard)| {
            Some((soft.trim().parse::<u64>().ok()?, hard.trim().parse::<u64>().ok()?))
        });
        let Some((soft, hard)) = limits else {
            return Err(
                section.error("concurrency", "must be a table with soft_limit and hard_limit")
            );
        };
        return Ok(Some(json!({"type": "requests", "soft_limit": soft, "hard_limit": hard})));
    }
    let Some(concurrency) = section.section("concurrency")? else { return Ok(None) };
    let kind = concurrency.one_of("type", &["connections", "requests"])?;
    let mut limits = json!({"type": kind.as_deref().unwrap_or("connections")});
    for key in ["soft_limit", "hard_limit"] {
        if let Some(limit) = concurrency.integer(key)? {
            limits[key] = limit.into();
        }
    }
    concurrency.finish();
    Ok(Some(limits))
}

/// Off where the file says nothing. The older form is a boolean.
fn read_autostop(section: &Section<'_>) -> Result<Value, FlyTomlError> {
    let key = "auto_stop_machines";
    if let Ok(Some(stop)) = section.boolean(key) {
        return Ok(if stop { "stop" } else { "off" }.into());
    }
    let mode = section.one_of(key, &["off", "stop", "suspend"])?;
    Ok(mode.as_deref().unwrap_or("off").into())
}

/// Plain HTTP on 80 and HTTPS on 443.
fn read_http_ports(section: &Section<'_>) -> Result<Value, FlyTomlError> {
    let force = section.boolean("force_https")?.unwrap_or(false);
    let mut ports = json!([
        {"port": 80, "handlers": ["http"], "force_https": force},
        {"port": 443, "handlers": ["http", "tls"]},
    ]);
    if !force {
        ports[0].as_object_mut().expect("written above").remove("force_https");
    }
    for (key, at) in [("tls_options", &[1][..]), ("http_options", &[0, 1])] {
        if let Some(options) = section.json(key)? {
            for index in at {
                ports[*index][key] = options.clone();
            }
        }
    }
    Ok(ports)
}

fn read_ports(section: &Section<'_>) -> Result<Value, FlyTomlError> {
    let mut ports = Vec::new();
    for section in section.sections("ports")? {
        let mut port = json!({});
        for key in ["port", "start_port", "end_port"] {
            if let Some(number) = section.port(key)? {
                port[key] = number.into();
            }
        }
        if port == json!({}) {
            return Err(section.error("port", "is missing"));
        }
        if let Some(handlers) = section.texts("handlers")? {
            port["handlers"] = handlers.into();
        }
        if let Some(force) = section.boolean("force_https")? {
            port["force_https"] = force.into();
        }
        for key in ["tls_options", "http_options", "proxy_proto_options"] {
            if let Some(options) = section.json(key)? {
                port[key] = options;
            }
        }
        section.finish();
        ports.push(port);
    }
    Ok(ports.into())
}

fn read_checks(section: &Section<'_>, kinds: &[(&str, &str)]) -> Result<Value, FlyTomlError> {
    let mut checks = Vec::new();
    for (key, kind) in kinds {
        for section in section.sections(key)? {
            checks.push(read_check(&section, kind)?);
            section.finish();
        }
    }
    Ok(checks.into())
}
