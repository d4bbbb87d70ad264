//! What a person should know before a deploy starts.

use std::collections::BTreeSet;

use super::data::{Place, StageData};
use crate::api::has_checks;
use crate::config::Strategy;
use crate::desired::{Desired, is_served};
use crate::record::World;

/// All warnings, each said once.
pub(super) fn of(world: &World, desired: &Desired, data: &StageData) -> Vec<String> {
    let mut warnings = desired.warnings.clone();
    let ignored = world.ignored.iter();
    warnings.extend(ignored.map(|it| format!("machine {} is left alone: {}", it.id, it.reason)));
    warnings.extend(world.leftovers().map(|it| {
        let run = it.leftover_of.as_deref().unwrap_or_default();
        format!("machine {} was left behind by {run} and is removed at the end", it.id)
    }));
    let kept_out = world.current().filter(|it| it.cordoned);
    warnings.extend(kept_out.map(|it| {
        let id = &it.id;
        format!("machine {id} is out of the proxy's pool and stays out; `fly machine uncordon {id}` puts it back")
    }));
    for group in data.templates.keys() {
        warnings.extend(of_group(group, data));
    }
    warnings
}

fn of_group(group: &str, data: &StageData) -> Vec<String> {
    let works: Vec<_> = data.works.iter().filter(|it| it.group == group).collect();
    let Some(config) = works.first().map(|it| &it.config) else { return Vec::new() };
    let (served, mut told) = (is_served(config), Vec::new());
    let in_place = works.iter().any(|it| matches!(it.place, Place::Machine(_)));
    let running = works.iter().filter(|it| it.runs && !it.cordoned).count();
    if in_place && served && running > 0 && data.strategy == Strategy::Immediate {
        told.push(format!(
            "immediate takes down all machines of the group {group} at once; no other strategy does"
        ));
    } else if in_place && served && running == 1 {
        told.push(format!(
            "the group {group} has one running machine, so {} takes it down for a moment; \
             bluegreen does not",
            data.strategy.name()
        ));
    }
    if data.strategy == Strategy::BlueGreen && !served && !data.retired.is_empty() {
        told.push(format!(
            "the group {group} has no services: its new machines work as soon as they start, \
             beside the old ones"
        ));
    }
    if served && !has_checks(config) {
        told.push(format!(
            "the group {group} has no health check: a machine counts as good once it has started"
        ));
    }
    let signals: BTreeSet<&str> = works
        .iter()
        .map(|it| it.config["stop_config"]["signal"].as_str().unwrap_or("SIGINT"))
        .collect();
    if let Some(signal) = signals.iter().find(|it| **it != "SIGTERM") {
        told.push(format!(
            "machines of the group {group} are stopped with {signal}, on which many servers drop \
             their requests; set kill_signal = \"SIGTERM\" in fly.toml"
        ));
    }
    told
}
