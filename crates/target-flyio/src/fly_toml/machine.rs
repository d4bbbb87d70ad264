//! What sits at the top of the file or in small sections: environment, how to begin, how to stop, when to
//! start again, statics and metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::FlyTomlError;
use super::groups::{Groups, Specs, each};
use super::reader::Section;
use crate::duration;
use crate::group::GroupSpec;

/// The longest time that the platform gives a program to stop (fly.io docs: configuration).
const LONGEST_STOP: Duration = Duration::from_mins(5);

/// What all machines share.
pub(super) fn read_base(
    root: &Section<'_>,
    region: Option<&str>,
) -> Result<GroupSpec, FlyTomlError> {
    let mut spec = GroupSpec {
        env: read_env(root, region)?,
        stop: read_stop(root)?,
        statics: read_statics(root)?,
        host: root.text("host_dedication_id")?.filter(|it| !it.is_empty()),
        ..GroupSpec::default()
    };
    if let Some(swap) = root.integer("swap_size_mb")? {
        spec.init.insert("swap_size_mb".to_owned(), swap.into());
    }
    if let Some(section) = root.section("experimental")? {
        for key in ["cmd", "entrypoint", "exec"] {
            if let Some(words) = section.words(key)? {
                spec.init.insert(key.to_owned(), json!(words));
            }
        }
        // Read elsewhere, or the concern of `fly launch` alone.
        for key in ["kill_timeout", "metrics_port", "metrics_path", "auto_rollback"] {
            section.know(key);
        }
        for key in ["enable_consul", "enable_etcd", "lazy_load_images", "attached"] {
            section.know(key);
        }
        unapplied(&section, "machine_config", MACHINE_CONFIG);
        section.finish();
    }
    // It concerns `fly console` alone.
    root.text("console_command")?;
    unapplied(root, "machine_config", MACHINE_CONFIG);
    unapplied(root, "container", "is not applied: the image is that of the machine itself");
    Ok(spec)
}

const MACHINE_CONFIG: &str = "is not applied: what only it says, such as containers, machines keep \
                              as they have it";

fn unapplied(section: &Section<'_>, key: &str, why: &str) {
    if section.know(key) {
        section.warn(key, why);
    }
}

/// `[env]`; the older form is a list of tables.
fn read_env(
    root: &Section<'_>,
    region: Option<&str>,
) -> Result<BTreeMap<String, String>, FlyTomlError> {
    let mut env = BTreeMap::new();
    for section in root.sections("env")? {
        env.extend(section.own_map()?);
    }
    if let Some(name) = env.keys().find(|name| name.starts_with("FLY_")) {
        return Err(root.error("env", &format!("sets {name}; names may not start with FLY_")));
    }
    if let Some(region) = region {
        env.insert("PRIMARY_REGION".to_owned(), region.to_owned());
    }
    Ok(env)
}

/// How to stop: the signal, and how long it may take, in seconds where a bare number is given.
fn read_stop(root: &Section<'_>) -> Result<Option<Value>, FlyTomlError> {
    let older = root.section("experimental")?.filter(|_| !root.has("kill_timeout"));
    let timeout = match &older {
        Some(section) => read_kill_timeout(section)?,
        None => None,
    };
    Ok(stop_config(read_signal(root)?.as_deref(), read_kill_timeout(root)?.or(timeout)))
}

/// `kill_signal` of a section.
pub(super) fn read_signal(section: &Section<'_>) -> Result<Option<String>, FlyTomlError> {
    let signals =
        ["SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGKILL", "SIGSTOP", "SIGHUP"];
    section.one_of("kill_signal", &signals)
}

/// `kill_timeout` of a section.
pub(super) fn read_kill_timeout(section: &Section<'_>) -> Result<Option<Duration>, FlyTomlError> {
    let timeout = section.duration("kill_timeout", Duration::from_secs(1))?;
    if timeout.is_some_and(|it| it > LONGEST_STOP) {
        return Err(section.error("kill_timeout", "must be at most 5 minutes"));
    }
    Ok(timeout)
}

/// Both as a machine's configuration holds them; nothing where neither is said.
pub(super) fn stop_config(signal: Option<&str>, timeout: Option<Duration>) -> Option<Value> {
    let mut stop = json!({});
    if let Some(signal) = signal {
        stop["signal"] = signal.into();
    }
    if let Some(timeout) = timeout {
        stop["timeout"] = duration::go(timeout).into();
    }
    (signal.is_some() || timeout.is_some()).then_some(stop)
}

/// `[[statics]]` are for all groups: flyctl does not ask which.
fn read_statics(root: &Section<'_>) -> Result<Vec<Value>, FlyTomlError> {
    let mut statics = Vec::new();
    for section in root.sections("statics")? {
        let mut each = json!({});
        for key in ["guest_path", "url_prefix"] {
            let Some(text) = section.text(key)? else {
                return Err(section.error(key, "is missing"));
            };
            each[key] = text.into();
        }
        for key in ["tigris_bucket", "index_document"] {
            if let Some(text) = section.text(key)? {
                each[key] = text.into();
            }
        }
        section.finish();
        statics.push(each);
    }
    Ok(statics)
}

pub(super) fn read_restart(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut Specs,
) -> Result<(), FlyTomlError> {
    for section in root.sections("restart")? {
        let policy = section.one_of("policy", &["always", "never", "on-failure", "no"])?;
        let policy = match policy.as_deref() {
            Some("never") => "no".to_owned(),
            Some(other) => other.to_owned(),
            None => return Err(section.error("policy", "is missing")),
        };
        let mut restart = json!({"policy": policy});
        if let Some(retries) = section.integer("retries")? {
            restart["max_retries"] = retries.into();
        }
        let chosen = groups.chosen(&section)?;
        section.finish();
        each(specs, &chosen, |spec| spec.restart = Some(restart.clone()));
    }
    Ok(())
}

/// `[[metrics]]`: the first one of a group counts. The oldest form stands in `[experimental]`.
pub(super) fn read_metrics(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut Specs,
) -> Result<(), FlyTomlError> {
    for key in ["metric", "metrics"] {
        for section in root.sections(key)? {
            let mut metrics = json!({});
            if let Some(port) = section.port("port")? {
                metrics["port"] = port.into();
            }
            if let Some(path) = section.text("path")? {
                metrics["path"] = path.into();
            }
            if section.boolean("https")? == Some(true) {
                metrics["https"] = true.into();
            }
            let chosen = groups.chosen(&section)?;
            section.finish();
            put_metrics(specs, &chosen, &metrics);
        }
    }
    let Some(section) = root.section("experimental")? else { return Ok(()) };
    let (port, path) = (section.port("metrics_port")?, section.text("metrics_path")?);
    if !root.has("metrics") && (port.is_some() || path.is_some()) {
        let mut metrics = json!({});
        if let Some(port) = port {
            metrics["port"] = port.into();
        }
        if let Some(path) = path {
            metrics["path"] = path.into();
        }
        put_metrics(specs, &groups.chosen(&section)?, &metrics);
    }
    Ok(())
}

fn put_metrics(specs: &mut Specs, chosen: &[String], metrics: &Value) {
    each(specs, chosen, |spec| {
        spec.metrics.get_or_insert_with(|| metrics.clone());
    });
}
