//! Process groups: which sections of the file belong to which group, and what each group's machines get.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::FlyTomlError;
use super::checks::read_named_checks;
use super::reader::Section;
use super::services::read_services;
use super::vm::read_guest;
use super::words;
use crate::desired::GroupSpec;
use crate::duration;

/// The group that sections without `processes` belong to, unless there are groups of other names.
const DEFAULT: &str = "app";

/// Who a section is for.
pub(super) struct Groups {
    all: BTreeSet<String>,
    default: String,
    declared: bool,
}

/// Reads everything that ends in a machine's configuration.
pub(super) fn read_groups(
    root: &Section<'_>,
    region: Option<&str>,
) -> Result<BTreeMap<String, GroupSpec>, FlyTomlError> {
    let commands = read_commands(root)?;
    let groups = Groups::of(&commands);
    let base =
        GroupSpec { env: read_env(root, region)?, stop: read_stop(root)?, ..read_init(root)? };
    let mut specs: BTreeMap<String, GroupSpec> = groups
        .all
        .iter()
        .map(|name| {
            let mut spec = base.clone();
            spec.env.insert("FLY_PROCESS_GROUP".to_owned(), name.clone());
            if let Some(command) = commands.get(name).filter(|command| !command.is_empty()) {
                spec.init.insert("cmd".to_owned(), json!(command));
            }
            (name.clone(), spec)
        })
        .collect();
    read_services(root, &groups, &mut specs)?;
    read_named_checks(root, &groups, &mut specs)?;
    read_guests(root, &groups, &mut specs)?;
    read_restart(root, &groups, &mut specs)?;
    read_mounts(root, &groups, &mut specs)?;
    Ok(specs)
}

impl Groups {
    fn of(commands: &BTreeMap<String, Vec<String>>) -> Self {
        let declared = !commands.is_empty();
        let all: BTreeSet<String> =
            if declared { commands.keys().cloned().collect() } else { [DEFAULT.to_owned()].into() };
        let first = all.first().cloned().unwrap_or_default();
        let default = if all.contains(DEFAULT) { DEFAULT.to_owned() } else { first };
        Self { all, default, declared }
    }

    /// The groups that a section names; the default group where it names none.
    pub(super) fn chosen(&self, section: &Section<'_>) -> Result<Vec<String>, FlyTomlError> {
        let named = section.texts("processes")?.unwrap_or_default();
        if let Some(unknown) = named.iter().find(|name| !self.all.contains(*name)) {
            let all = self.all.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let problem = format!("names the group {unknown}; there are {all}");
            return Err(section.error("processes", &problem));
        }
        Ok(if named.is_empty() { vec![self.default.clone()] } else { named })
    }

    /// The same for services, which must name a group where groups are declared by other names.
    pub(super) fn chosen_by_service(
        &self,
        section: &Section<'_>,
    ) -> Result<Vec<String>, FlyTomlError> {
        let silent = section.texts("processes")?.is_none_or(|named| named.is_empty());
        if silent && self.declared && self.all.len() > 1 && !self.all.contains(DEFAULT) {
            return Err(section.error("processes", "is missing: say which group serves it"));
        }
        self.chosen(section)
    }
}

fn read_commands(root: &Section<'_>) -> Result<BTreeMap<String, Vec<String>>, FlyTomlError> {
    let lines = root.map("processes")?;
    let split = |(name, line): (String, String)| match words::split(&line) {
        Some(words) => Ok((name, words)),
        None => Err(root.error("processes", &format!("{name} has a quote that is not closed"))),
    };
    lines.into_iter().map(split).collect()
}

fn read_env(
    root: &Section<'_>,
    region: Option<&str>,
) -> Result<BTreeMap<String, String>, FlyTomlError> {
    let mut env = root.map("env")?;
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
    let signals =
        ["SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGKILL", "SIGSTOP", "SIGHUP"];
    let signal = root.one_of("kill_signal", &signals)?;
    let timeout = root.duration("kill_timeout", Duration::from_secs(1))?;
    if timeout.is_some_and(|it| it > Duration::from_mins(5)) {
        return Err(root.error("kill_timeout", "must be at most 5 minutes"));
    }
    if signal.is_none() && timeout.is_none() {
        return Ok(None);
    }
    let mut stop = json!({});
    if let Some(signal) = signal {
        stop["signal"] = signal.into();
    }
    if let Some(timeout) = timeout {
        stop["timeout"] = duration::go(timeout).into();
    }
    Ok(Some(stop))
}

fn read_init(root: &Section<'_>) -> Result<GroupSpec, FlyTomlError> {
    let mut spec = GroupSpec::default();
    if let Some(swap) = root.integer("swap_size_mb")? {
        spec.init.insert("swap_size_mb".to_owned(), swap.into());
    }
    if let Some(section) = root.section("experimental")? {
        for key in ["cmd", "entrypoint", "exec"] {
            if let Some(words) = section.texts(key)? {
                spec.init.insert(key.to_owned(), json!(words));
            }
        }
        section.allow_rest();
    }
    // It concerns `fly console` alone.
    root.text("console_command")?;
    Ok(spec)
}

/// `[[vm]]` without groups is for all of them; one that names groups wins for these.
fn read_guests(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut BTreeMap<String, GroupSpec>,
) -> Result<(), FlyTomlError> {
    let mut named: Vec<(Vec<String>, Value)> = Vec::new();
    for key in ["compute", "vm"] {
        for section in root.sections(key)? {
            let general = section.texts("processes")?.is_none_or(|names| names.is_empty());
            let chosen = if general {
                groups.all.iter().cloned().collect()
            } else {
                groups.chosen(&section)?
            };
            let guest = read_guest(&section)?;
            section.finish();
            let at = if general { 0 } else { named.len() };
            named.insert(at, (chosen, guest));
        }
    }
    for (chosen, guest) in named {
        each(specs, &chosen, |spec| spec.guest = Some(guest.clone()));
    }
    Ok(())
}

fn read_restart(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut BTreeMap<String, GroupSpec>,
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

/// Volumes: only whether there are any, and where; a machine keeps the volume that it has.
fn read_mounts(
    root: &Section<'_>,
    groups: &Groups,
    specs: &mut BTreeMap<String, GroupSpec>,
) -> Result<(), FlyTomlError> {
    for section in root.sections("mounts")? {
        let Some(destination) = section.text("destination")? else {
            return Err(section.error("destination", "is missing"));
        };
        if section.text("source")?.is_none() {
            return Err(section.error("source", "is missing"));
        }
        let chosen = groups.chosen(&section)?;
        section.allow_rest();
        each(specs, &chosen, |spec| spec.mounts.push(destination.clone()));
    }
    Ok(())
}

/// Changes the chosen groups.
pub(super) fn each(
    specs: &mut BTreeMap<String, GroupSpec>,
    chosen: &[String],
    change: impl Fn(&mut GroupSpec),
) {
    for name in chosen {
        if let Some(spec) = specs.get_mut(name) {
            change(spec);
        }
    }
}
