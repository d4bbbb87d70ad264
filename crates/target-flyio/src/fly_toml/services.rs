//! `[http_service]` and `[[services]]`: what the proxy sends to a group's machines.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::FlyTomlError;
use super::checks::read_check;
use super::groups::{Groups, each};
use super::reader::Section;
use crate::desired::GroupSpec;

/// `internal_port` where the file says none (fly.io docs: configuration).
const PORT: u64 = 8080;

/// Reads all services, `[http_service]` first, as flyctl puts them.
pub(super) fn read_services(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut BTreeMap<String, GroupSpec>,
) -> Result<(), FlyTomlError> {
    if let Some(section) = root.section("http_service")? {
        let mut service = read_common(&section)?;
        service["ports"] = read_http_ports(&section)?;
        service["checks"] = read_checks(&section, &[("checks", "http")])?;
        add(&section, &service, groups, specs)?;
    }
    for section in root.sections("services")? {
        let mut service = read_common(&section)?;
        service["ports"] = read_ports(&section)?;
        service["checks"] =
            read_checks(&section, &[("tcp_checks", "tcp"), ("http_checks", "http")])?;
        add(&section, &service, groups, specs)?;
    }
    Ok(())
}

fn add(
    section: &Section<'_>,
    service: &Value,
    groups: &Groups,
    specs: &mut BTreeMap<String, GroupSpec>,
) -> Result<(), FlyTomlError> {
    let chosen = groups.chosen_by_service(section)?;
    section.finish();
    each(specs, &chosen, |spec| spec.services.push(service.clone()));
    Ok(())
}

fn read_common(section: &Section<'_>) -> Result<Value, FlyTomlError> {
    let protocol = section.one_of("protocol", &["tcp", "udp"])?;
    let port = section.port("internal_port")?.unwrap_or(PORT);
    let mut service = json!({
        "protocol": protocol.as_deref().unwrap_or("tcp"),
        "internal_port": port,
        "autostart": section.boolean("auto_start_machines")?.unwrap_or(true),
        "autostop": read_autostop(section)?,
    });
    if let Some(least) = section.integer("min_machines_running")? {
        service["min_machines_running"] = least.into();
    }
    if let Some(concurrency) = section.section("concurrency")? {
        let kind = concurrency.one_of("type", &["connections", "requests"])?;
        let mut limits = json!({"type": kind.as_deref().unwrap_or("connections")});
        for key in ["soft_limit", "hard_limit"] {
            if let Some(limit) = concurrency.integer(key)? {
                limits[key] = limit.into();
            }
        }
        concurrency.finish();
        service["concurrency"] = limits;
    }
    Ok(service)
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
