//! Health checks: what tells a deploy that a machine is good.

use std::time::Duration;

use pipeline_core::Severity;
use serde_json::Value;

use super::Lint;
use crate::duration;
use crate::fly_toml::{FlyToml, ServiceAt};
use crate::group::GroupSpec;

/// What the platform makes of times of service checks that are shorter or longer
/// (flyctl: `internal/appconfig/validation.go`).
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

pub(super) fn lint(toml: &FlyToml) -> Vec<Lint> {
    let mut lints: Vec<Lint> =
        toml.served().filter_map(|(group, spec)| of_group(toml, group, spec)).collect();
    for service in &toml.services {
        for (key, check) in keyed(service) {
            lints.extend(no_grace(toml, &key, check));
            lints.extend(bounds(toml, &key, check));
            lints.extend(redirected(toml, &key, service, check));
        }
    }
    let mut named: Vec<(&String, &Value)> =
        toml.groups.values().flat_map(|it| &it.checks).collect();
    named.sort_by_key(|(name, _)| *name);
    named.dedup_by_key(|(name, _)| *name);
    lints.extend(
        named.iter().filter_map(|(name, check)| no_grace(toml, &format!("checks.{name}"), check)),
    );
    lints
}

/// The checks of a service with their names in the file.
fn keyed(service: &ServiceAt) -> Vec<(String, &Value)> {
    let checks = service.config["checks"].as_array().into_iter().flatten();
    let (mut tcp, mut http) = (0, 0);
    let mut name = |check: &Value| {
        let (kind, count) = match (service.is_http(), is_http(check)) {
            (true, _) => ("checks", &mut http),
            (_, true) => ("http_checks", &mut http),
            _ => ("tcp_checks", &mut tcp),
        };
        *count += 1;
        format!("{}.{kind}[{}]", service.key, *count - 1)
    };
    checks.map(|check| (name(check), check)).collect()
}

fn is_http(check: &Value) -> bool {
    check["type"] == "http"
}

/// Does anything ask the group's machines how they are?
fn of_group(toml: &FlyToml, group: &String, spec: &GroupSpec) -> Option<Lint> {
    // Nothing can be asked of UDP.
    if spec.services.iter().all(|it| it["protocol"] == "udp") {
        return None;
    }
    let of_services = spec.services.iter().filter_map(|it| it["checks"].as_array()).flatten();
    let checks: Vec<&Value> = of_services.chain(spec.checks.values()).collect();
    let key = toml.service_key(group);
    if checks.is_empty() {
        let message = format!(
            "the group {group} has no health check: a machine counts as good once it has started"
        );
        let remedy = "add [[http_service.checks]] with a path that answers once the app can work";
        return Some(Lint::warning("no-http-check", toml.at(key), message, remedy));
    }
    let only_tcp = !checks.into_iter().any(is_http);
    only_tcp.then(|| {
        let message = format!(
            "the group {group} has only TCP checks, which pass as soon as the port is open"
        );
        let remedy = "add an HTTP check with a path that answers once the app can work";
        Lint::warning("tcp-check-only", toml.at(key), message, remedy)
    })
}

fn no_grace(toml: &FlyToml, key: &str, check: &Value) -> Option<Lint> {
    let grace = time(check, "grace_period").unwrap_or_default();
    grace.is_zero().then(|| {
        let message =
            "the check has no grace period, so a machine that boots counts as ill".to_owned();
        let remedy = "set grace_period to what a start takes, such as \"10s\"";
        Lint::warning("no-grace-period", toml.at(key), message, remedy)
    })
}

fn time(check: &Value, key: &str) -> Option<Duration> {
    check[key].as_str().and_then(duration::parse)
}

fn bounds(toml: &FlyToml, key: &str, check: &Value) -> Vec<Lint> {
    let outside = |name: &str| {
        let time = time(check, name).filter(|it| !(name == "grace_period" && it.is_zero()))?;
        let becomes = time.clamp(SHORTEST, LONGEST);
        (becomes != time).then(|| Lint {
            severity: Severity::Note,
            ..Lint::warning(
                "check-bounds",
                toml.at(&format!("{key}.{name}")),
                format!(
                    "{name} is {}; Fly.io makes it {}",
                    duration::go(time),
                    duration::go(becomes)
                ),
                "write a time from 1 second to 1 minute",
            )
        })
    };
    ["interval", "timeout", "grace_period"].into_iter().filter_map(outside).collect()
}

/// Checks come by plain HTTP, past the proxy, so an application that sends browsers to HTTPS itself sends
/// them there too; only a 2xx passes (fly.io docs: health-checks).
fn redirected(toml: &FlyToml, key: &str, service: &ServiceAt, check: &Value) -> Option<Lint> {
    let ports = service.config["ports"].as_array().into_iter().flatten();
    let forced = ports.into_iter().any(|it| it["force_https"] == true);
    let headers = check["headers"].as_array().into_iter().flatten();
    let said = headers.into_iter().any(|it| {
        let name = it["name"].as_str().unwrap_or_default();
        name.eq_ignore_ascii_case("x-forwarded-proto") && it["values"][0] == "https"
    });
    let asked = is_http(check) && check["protocol"] != "https";
    (forced && asked && !said).then(|| {
        let message =
            "the check comes by plain HTTP: an app that redirects to HTTPS itself, as Phoenix \
                       does with force_ssl, fails it"
                .to_owned();
        let remedy = "add headers = { X-Forwarded-Proto = \"https\" } to the check";
        Lint::warning("force-https-check", toml.at(key), message, remedy)
    })
}
