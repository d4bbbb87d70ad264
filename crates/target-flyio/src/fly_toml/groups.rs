//! Process groups: which sections of the file belong to which group, and what each group's machines get.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::checks::read_named_checks;
use super::files::{FileSpec, read_files};
use super::machine::{read_base, read_metrics, read_restart};
use super::mounts::read_mounts;
use super::reader::Section;
use super::services::{ServiceAt, read_services};
use super::trials::Trials;
use super::vm::read_guests;
use super::{FlyTomlError, words};
use crate::group::GroupSpec;

/// The group that sections without `processes` belong to, unless there are groups of other names.
const DEFAULT: &str = "app";

/// What each group's machines shall be, by the group's name.
pub(super) type Specs = BTreeMap<String, GroupSpec>;

/// Who a section is for.
pub(super) struct Groups {
    all: BTreeSet<String>,
    default: String,
    declared: bool,
}

/// What all machines of the app share, those included that only run one command.
pub(super) struct Shared {
    /// Environment, how to stop, how to begin, and statics.
    pub(super) spec: GroupSpec,
    /// Every file, with the groups it is for.
    pub(super) files: Vec<FileSpec>,
}

/// All that ends in a machine's configuration.
pub(super) struct Read {
    pub(super) specs: Specs,
    pub(super) shared: Shared,
    pub(super) services: Vec<ServiceAt>,
}

/// Reads everything that ends in a machine's configuration.
pub(super) fn read_groups(root: &Section<'_>, region: Option<&str>) -> Result<Read, FlyTomlError> {
    let commands = read_commands(root)?;
    let groups = Groups::of(&commands);
    let shared = Shared { spec: read_base(root, region)?, files: read_files(root, &groups)? };
    let mut specs: Specs =
        groups.all.iter().map(|name| (name.clone(), shared.group(name, &commands))).collect();
    let mut trials = Trials::default();
    let services = read_services(root, &groups, &mut trials)?;
    for service in &services {
        each(&mut specs, &service.groups, |spec| spec.services.push(service.config.clone()));
    }
    read_named_checks(root, &groups, &mut specs, &services)?;
    read_guests(root, &groups, &mut specs)?;
    read_restart(root, &groups, &mut specs)?;
    read_metrics(root, &groups, &mut specs)?;
    read_mounts(root, &groups, &mut specs)?;
    trials.read(root, &groups.all())?;
    trials.put_on(&mut specs, &shared);
    Ok(Read { specs, shared, services })
}

impl Shared {
    /// What a group's machines have before the sections for single groups are read.
    fn group(&self, name: &str, commands: &BTreeMap<String, Vec<String>>) -> GroupSpec {
        let mut spec = self.spec.clone();
        spec.env.insert("FLY_PROCESS_GROUP".to_owned(), name.to_owned());
        if let Some(command) = commands.get(name).filter(|command| !command.is_empty()) {
            spec.init.insert("cmd".to_owned(), json!(command));
        }
        let of_group = self.files.iter().filter(|it| it.groups.iter().any(|group| group == name));
        spec.files = of_group.map(|it| it.config.clone()).collect();
        spec
    }

    /// The configuration of a machine that runs one command and goes: `mark` is the variable that tells
    /// the command so (flyctl: `internal/appconfig/machines.go`).
    pub(super) fn one_off(&self, group: &str, mark: &str) -> Value {
        let mut env = self.spec.env.clone();
        env.insert(mark.to_owned(), "1".to_owned());
        env.insert("FLY_PROCESS_GROUP".to_owned(), group.to_owned());
        let mut init = json!({});
        for key in ["entrypoint", "swap_size_mb"] {
            if let Some(value) = self.spec.init.get(key) {
                init[key] = value.clone();
            }
        }
        json!({
            "init": init,
            "env": env,
            "restart": {"policy": "no"},
            "auto_destroy": true,
            "dns": {"skip_registration": true},
            "metadata": {"fly_platform_version": "v2", "fly_process_group": group},
        })
    }
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

    pub(super) fn all(&self) -> Vec<String> {
        self.all.iter().cloned().collect()
    }

    /// The groups that a section names; the default group where it names none.
    pub(super) fn chosen(&self, section: &Section<'_>) -> Result<Vec<String>, FlyTomlError> {
        Ok(self.named(section)?.unwrap_or_else(|| vec![self.default.clone()]))
    }

    /// The groups that a section names; all of them where it names none.
    pub(super) fn chosen_or_all(&self, section: &Section<'_>) -> Result<Vec<String>, FlyTomlError> {
        Ok(self.named(section)?.unwrap_or_else(|| self.all()))
    }

    /// The same for services, which must name a group where groups are declared by other names.
    pub(super) fn chosen_by_service(
        &self,
        section: &Section<'_>,
    ) -> Result<Vec<String>, FlyTomlError> {
        let silent = self.named(section)?.is_none();
        if silent && self.declared && self.all.len() > 1 && !self.all.contains(DEFAULT) {
            return Err(section.error("processes", "is missing: say which group serves it"));
        }
        self.chosen(section)
    }

    /// The groups that a section names, all of which there must be.
    pub(super) fn named(&self, section: &Section<'_>) -> Result<Option<Vec<String>>, FlyTomlError> {
        let named = section.texts("processes")?.unwrap_or_default();
        if let Some(unknown) = named.iter().find(|name| !self.all.contains(*name)) {
            let all = self.all.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let problem = format!("names the group {unknown}; there are {all}");
            return Err(section.error("processes", &problem));
        }
        Ok(Some(named).filter(|it| !it.is_empty()))
    }
}

/// `[processes]`; the older form is a list of tables with a name and a command.
fn read_commands(root: &Section<'_>) -> Result<BTreeMap<String, Vec<String>>, FlyTomlError> {
    let mut lines = BTreeMap::new();
    if root.is_list("processes") {
        for section in root.sections("processes")? {
            if let Some(name) = section.scalar("name")? {
                lines.insert(name, section.scalar("command")?.unwrap_or_default());
            }
            section.finish();
        }
    } else {
        lines = root.map("processes")?;
    }
    let split = |(name, line): (String, String)| match words::split(&line) {
        Some(words) => Ok((name, words)),
        None => Err(root.error("processes", &format!("{name} has a quote that is not closed"))),
    };
    lines.into_iter().map(split).collect()
}

/// Changes the chosen groups.
pub(super) fn each(specs: &mut Specs, chosen: &[String], change: impl Fn(&mut GroupSpec)) {
    for name in chosen {
        if let Some(spec) = specs.get_mut(name) {
            change(spec);
        }
    }
}
