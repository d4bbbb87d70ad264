//! A stage in words: the lines that a person reads before saying yes.

use pipeline_core::Stage;

use super::canaries;
use super::data::{Kind, Place, Retired, StageData, Work};
use crate::config::Strategy;
use crate::one_off::OneOff;
use crate::record::{Recorded, World};

/// The stage with its lines, without its data.
pub(super) fn describe(data: &StageData, world: &World) -> Stage {
    let (name, lines): (_, Vec<String>) = match data.kind {
        Kind::Release => ("release", data.release.iter().map(|it| command(it, data)).collect()),
        Kind::Create => ("create", data.works.iter().map(|it| create(it, data)).collect()),
        Kind::Canary => ("canary", canary(data, world)),
        Kind::Roll => ("roll", rest(data).map(|it| roll(it, data, world)).collect()),
        Kind::Green => ("green", data.works.iter().map(|it| green(it, data)).collect()),
        Kind::Switch => ("switch", switch(data)),
        Kind::Settle => ("settle", data.retired.iter().map(|it| remove(it, world)).collect()),
    };
    let stage = match data.kind {
        Kind::Release => Stage::prepare(name),
        Kind::Settle => Stage::settle(name),
        _ => Stage::new(name),
    };
    lines.into_iter().fold(stage, Stage::change)
}

fn command(release: &OneOff, data: &StageData) -> String {
    let limit = release.timeout.map_or_else(String::new, |it| format!(", at most {it:?}"));
    format!("run `{}` with {} on a machine of its own{limit}", release.line, image(data))
}

fn canary(data: &StageData, world: &World) -> Vec<String> {
    let mut lines: Vec<String> = data.works.iter().map(|it| roll(it, data, world)).collect();
    lines.push(format!("watch it among the others for {:?}", data.bake));
    lines
}

/// The machines that a stage updates, without those that an earlier stage has.
fn rest(data: &StageData) -> impl Iterator<Item = &Work> {
    let done = if data.strategy == Strategy::Canary { canaries(&data.works) } else { Vec::new() };
    data.works.iter().filter(move |it| done.iter().all(|done| done.place != it.place))
}

fn create(work: &Work, data: &StageData) -> String {
    let waits = if work.stands_by.is_empty() { "" } else { ", standing by" };
    format!("create a machine ({}) with {}{waits}", place(work), release(data))
}

fn green(work: &Work, data: &StageData) -> String {
    let rest = if work.runs { "" } else { ", left stopped" };
    format!("create a machine ({}) with {}, without traffic{rest}", place(work), release(data))
}

fn roll(work: &Work, data: &StageData, world: &World) -> String {
    let Place::Machine(id) = &work.place else { return create(work, data) };
    let from = world.machine(id).map_or_else(|| "unknown".to_owned(), Recorded::version);
    let rest = if work.runs { "" } else { ", left stopped" };
    format!("update machine {id} ({}) from {from} to {}{rest}", place(work), release(data))
}

fn switch(data: &StageData) -> Vec<String> {
    let new = data.works.iter().filter(|it| !it.cordoned).count();
    let old: Vec<&str> = data.retired.iter().map(|it| it.id.as_str()).collect();
    let to = format!("send traffic to {new} new machine{}", if new == 1 { "" } else { "s" });
    vec![to, format!("take traffic from {}", old.join(", "))]
}

fn remove(retired: &Retired, world: &World) -> String {
    let Retired { id, group, .. } = retired;
    let recorded = world.machine(id);
    let version = recorded.map_or_else(|| "unknown".to_owned(), Recorded::version);
    let why = match recorded.and_then(|it| it.leftover_of.as_deref()) {
        Some(run) => format!(", left behind by {run}"),
        None if !retired.replaced => ", a group that fly.toml no longer has".to_owned(),
        None => String::new(),
    };
    format!("remove machine {id} ({group}, {version}){why}")
}

fn place(work: &Work) -> String {
    match &work.region {
        Some(region) => format!("{}, {region}", work.group),
        None => work.group.clone(),
    }
}

fn release(data: &StageData) -> String {
    format!("{} ({})", data.version, image(data))
}

fn image(data: &StageData) -> &str {
    if data.image.is_empty() { "an image yet to be built" } else { &data.image }
}
