//! The plan: from what is and what shall be to stages. Pure.

mod data;
mod group;
mod refusals;
mod warnings;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use pipeline_core::Stage;
use serde_json::json;

use self::data::Retired;
pub(crate) use self::data::{Kind, Place, StageData, Work};
use self::group::GroupPlan;
pub(crate) use self::group::stand_by;
use self::refusals::refuse;
use crate::config::Strategy;
use crate::desired::{Desired, LAUNCH, RUN, Stamp, is_served, release_of};
use crate::error::FlyError;
use crate::one_off::OneOff;
use crate::record::{Recorded, World};

/// What a run wants of an app.
#[derive(Clone, Debug)]
pub(crate) struct Order<'a> {
    pub(crate) run: &'a str,
    pub(crate) version: &'a str,
    /// Empty where it is not built yet, in a plan.
    pub(crate) image: &'a str,
    pub(crate) strategy: Strategy,
    pub(crate) max_unavailable: f64,
    pub(crate) ha: bool,
    /// How long a canary must prove itself.
    pub(crate) bake: Duration,
}

/// The stages from `world` to `desired`.
pub(crate) fn stages(
    world: &World,
    desired: &Desired,
    order: &Order<'_>,
) -> Result<Vec<Stage>, FlyError> {
    refuse(world, desired, order)?;
    let base = data(world, desired, order);
    let kinds = kinds(world, order, &base);
    let mut stages: Vec<Stage> = kinds
        .into_iter()
        .map(|kind| {
            let mut data = StageData { kind, ..base.clone() };
            if kind == Kind::Canary {
                data.works = canaries(&base.works);
            }
            words::describe(&data, world).data(data.to_data())
        })
        .collect();
    if let Some(first) = stages.first_mut() {
        first.warnings = warnings::of(world, desired, &base);
    }
    Ok(stages)
}

/// What is done, in order.
fn kinds(world: &World, order: &Order<'_>, base: &StageData) -> Vec<Kind> {
    let way: &[Kind] = match order.strategy {
        _ if world.current().next().is_none() => &[Kind::Create],
        Strategy::Rolling | Strategy::Immediate => &[Kind::Roll],
        Strategy::Canary if canaries(&base.works).is_empty() => &[Kind::Roll],
        Strategy::Canary => &[Kind::Canary, Kind::Roll],
        Strategy::BlueGreen => &[Kind::Green, Kind::Switch],
    };
    let release = base.release.as_ref().map(|_| Kind::Release);
    let settles = (!base.retired.is_empty()).then_some(Kind::Settle);
    release.into_iter().chain(way.iter().copied()).chain(settles).collect()
}

fn data(world: &World, desired: &Desired, order: &Order<'_>) -> StageData {
    let release = world.machines.iter().map(|it| release_of(&it.config)).max().unwrap_or(0) + 1;
    let stamp = Stamp { run: order.run, version: order.version, image: order.image, release };
    let mut works = Vec::new();
    for (group, template) in &desired.groups {
        let existing: Vec<&Recorded> = world.current().filter(|it| it.group() == *group).collect();
        let (stamp, region) = (&stamp, desired.region.as_deref());
        let group = GroupPlan { group, template, stamp, order, region, world };
        works.extend(group.works(&existing));
    }
    let mut templates = BTreeMap::new();
    for work in &works {
        templates.entry(work.group.clone()).or_insert_with(|| work.config.clone());
    }
    StageData {
        run: order.run.to_owned(),
        version: order.version.to_owned(),
        max_unavailable: order.max_unavailable,
        bake: order.bake,
        release: release_command(world, desired, &stamp),
        works,
        retired: retired(world, desired, order),
        templates,
        ..StageData::new(Kind::Roll, order.image, order.strategy)
    }
}

/// The release command of this run, on a machine of its own. It is as large as the largest machine of the
/// app, or has two shared CPUs (flyctl: `machines_releasecommand.go`).
fn release_command(world: &World, desired: &Desired, stamp: &Stamp<'_>) -> Option<OneOff> {
    let wanted = desired.release.as_ref()?;
    let mut one_off = OneOff { launch: format!("{}.release", stamp.run), ..wanted.clone() };
    let config = &mut one_off.config;
    config["image"] = stamp.image.into();
    for (key, value) in [(RUN, stamp.run), (LAUNCH, &*one_off.launch)] {
        config["metadata"][key] = value.into();
    }
    if config["guest"].is_null() {
        let guests = world.current().map(|it| &it.config["guest"]);
        let largest = guests.max_by_key(|it| it["memory_mb"].as_u64()).filter(|it| it.is_object());
        config["guest"] = largest
            .cloned()
            .unwrap_or_else(|| json!({"cpu_kind": "shared", "cpus": 2, "memory_mb": 512}));
    }
    Some(one_off)
}

/// The first machine of each group that serves users; where none does, the first that works.
fn canaries(works: &[Work]) -> Vec<Work> {
    let there = |it: &&Work| it.runs && matches!(it.place, Place::Machine(_));
    let served = |it: &&Work| !it.cordoned && is_served(&it.config);
    let first = |works: Vec<&Work>| {
        let mut chosen: BTreeMap<String, Work> = BTreeMap::new();
        for work in works {
            chosen.entry(work.group.clone()).or_insert_with(|| work.clone());
        }
        chosen.into_values().collect::<Vec<Work>>()
    };
    let serving = first(works.iter().filter(there).filter(served).collect());
    if serving.is_empty() { first(works.iter().filter(there).collect()) } else { serving }
}

/// Leftovers, machines of groups that are no more, and the blues.
fn retired(world: &World, desired: &Desired, order: &Order<'_>) -> Vec<Retired> {
    let goes = |it: &&Recorded| {
        let known = desired.groups.contains_key(&it.group());
        it.leftover_of.is_some() || !known || order.strategy == Strategy::BlueGreen
    };
    let retire = |it: &Recorded| Retired {
        id: it.id.clone(),
        group: it.group(),
        ran: it.ran(),
        replaced: it.leftover_of.is_none() && desired.groups.contains_key(&it.group()),
    };
    world.machines.iter().filter(goes).map(retire).collect()
}

#[cfg(test)]
mod tests;
