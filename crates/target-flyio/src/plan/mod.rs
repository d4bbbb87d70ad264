//! The plan: from what is and what shall be to stages. Pure.

mod data;
mod warnings;
mod words;

use std::collections::BTreeMap;

use pipeline_core::Stage;

use self::data::Retired;
pub(crate) use self::data::{Kind, Place, StageData, Work};
use crate::config::Strategy;
use crate::desired::{Desired, Stamp, Template, is_served, release_of};
use crate::error::FlyError;
use crate::record::{Recorded, World};

/// More machines than an app can have: all may be out at once.
const EVERYTHING: f64 = 1e6;

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
}

/// The stages from `world` to `desired`.
pub(crate) fn stages(
    world: &World,
    desired: &Desired,
    order: &Order<'_>,
) -> Result<Vec<Stage>, FlyError> {
    refuse(world, desired, order)?;
    let base = data(world, desired, order);
    let kinds: &[Kind] = match order.strategy {
        _ if world.current().next().is_none() => &[Kind::Create],
        Strategy::Rolling | Strategy::Immediate => &[Kind::Roll],
        Strategy::Canary => &[Kind::Canary, Kind::Roll],
        Strategy::BlueGreen => &[Kind::Green, Kind::Switch],
    };
    let settles = (!base.retired.is_empty()).then_some(Kind::Settle);
    let kinds = kinds.iter().copied().chain(settles);
    let mut stages: Vec<Stage> = kinds
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

/// What cannot be done at all is said before anything is touched.
fn refuse(world: &World, desired: &Desired, order: &Order<'_>) -> Result<(), FlyError> {
    let no =
        |problem: String, next: &str| Err(FlyError::Unplannable { problem, next: next.into() });
    let in_place = order.strategy.is_in_place();
    for machine in world.current() {
        let Some(template) = desired.groups.get(&machine.group()) else { continue };
        let mounted = machine.config["mounts"].as_array().is_some_and(|it| !it.is_empty());
        if mounted && !in_place {
            let problem =
                format!("machine {} has a volume, which bluegreen cannot move", machine.id);
            return no(problem, "use the rolling strategy for this app");
        }
        if in_place && !template.fits(&machine.config) {
            let problem = format!("machine {} has other mounts than fly.toml says", machine.id);
            return no(
                problem,
                "change volumes with flyctl first: a machine keeps what it was made with",
            );
        }
    }
    let new = |name: &&String| in_place.then_some(()).is_none() || count(world, name) == 0;
    if let Some((name, _)) = desired.groups.iter().find(|(name, it)| it.is_mounted() && new(name)) {
        let problem = format!("the group {name} needs volumes, and its machines would be new");
        return no(problem, "create its machines and volumes with `fly deploy` once");
    }
    if !in_place && let Some(problem) = mixture(world) {
        let next = "resume or take back the run that left them, or deploy with the rolling \
                    strategy, which makes them one";
        return no(problem, next);
    }
    Ok(())
}

fn count(world: &World, group: &str) -> usize {
    world.current().filter(|it| it.group() == group).count()
}

/// Machines of one group that run different images: bluegreen would multiply them.
fn mixture(world: &World) -> Option<String> {
    let mut images: BTreeMap<String, &Recorded> = BTreeMap::new();
    for machine in world.current() {
        let first = *images.entry(machine.group()).or_insert(machine);
        if first.image != machine.image {
            return Some(format!(
                "machines of the group {} run different images: {} runs {}, {} runs {}",
                machine.group(),
                first.id,
                first.image,
                machine.id,
                machine.image
            ));
        }
    }
    None
}

fn data(world: &World, desired: &Desired, order: &Order<'_>) -> StageData {
    let release = world.machines.iter().map(|it| release_of(&it.config)).max().unwrap_or(0) + 1;
    let stamp = Stamp { run: order.run, version: order.version, image: order.image, release };
    let mut works = Vec::new();
    for (group, template) in &desired.groups {
        let existing: Vec<&Recorded> = world.current().filter(|it| it.group() == *group).collect();
        let group =
            GroupPlan { group, template, stamp: &stamp, order, region: desired.region.as_deref() };
        works.extend(group.works(&existing));
    }
    let mut templates = BTreeMap::new();
    for work in &works {
        templates.entry(work.group.clone()).or_insert_with(|| work.config.clone());
    }
    StageData {
        run: order.run.to_owned(),
        version: order.version.to_owned(),
        max_unavailable: match order.strategy {
            Strategy::Immediate => EVERYTHING,
            _ => order.max_unavailable,
        },
        works,
        retired: retired(world, desired, order),
        templates,
        ..StageData::new(Kind::Roll, order.image, order.strategy)
    }
}

/// The first machine of each group that serves users.
fn canaries(works: &[Work]) -> Vec<Work> {
    let mut chosen: BTreeMap<&str, &Work> = BTreeMap::new();
    for work in works.iter().filter(|it| it.runs && !it.cordoned && is_served(&it.config)) {
        chosen.entry(&work.group).or_insert(work);
    }
    chosen.into_values().cloned().collect()
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

/// One group of a plan.
struct GroupPlan<'a> {
    group: &'a str,
    template: &'a Template,
    stamp: &'a Stamp<'a>,
    order: &'a Order<'a>,
    region: Option<&'a str>,
}

impl GroupPlan<'_> {
    fn works(&self, existing: &[&Recorded]) -> Vec<Work> {
        if existing.is_empty() {
            let pair = self.order.ha && self.template.is_served();
            return (0..if pair { 2 } else { 1 }).map(|slot| self.fresh(slot)).collect();
        }
        let in_place = self.order.strategy.is_in_place();
        let work = |(slot, machine): (usize, &&Recorded)| {
            if in_place { self.update(machine) } else { self.green(slot, machine) }
        };
        let mut works: Vec<Work> = existing.iter().enumerate().map(work).collect();
        // A release that never ran cannot be verified: where all rest, one new machine is started.
        if !in_place && works.iter().all(|work| !work.runs) {
            works[0].runs = true;
        }
        works
    }

    fn update(&self, machine: &Recorded) -> Work {
        let place = Place::Machine(machine.id.clone());
        self.work(place, Some(machine))
    }

    fn green(&self, slot: usize, machine: &Recorded) -> Work {
        self.work(Place::Launch(self.launch(slot)), Some(machine))
    }

    fn fresh(&self, slot: usize) -> Work {
        self.work(Place::Launch(self.launch(slot)), None)
    }

    fn launch(&self, slot: usize) -> String {
        format!("{}.{}.{slot}", self.order.run, self.group)
    }

    fn work(&self, place: Place, existing: Option<&Recorded>) -> Work {
        let mut config = self.template.config(existing.map(|it| &it.config));
        let launch = match &place {
            Place::Launch(launch) => Some(launch.as_str()),
            Place::Machine(_) => None,
        };
        self.stamp.put_on(&mut config, self.group, launch);
        let region = existing.map(|it| it.region.clone()).or(self.region.map(str::to_owned));
        Work {
            place,
            group: self.group.to_owned(),
            region,
            // A failed machine is given its chance with the new release, as flyctl does.
            runs: existing.is_none_or(|it| it.ran() || it.state == "failed"),
            cordoned: existing.is_some_and(|it| it.cordoned),
            config,
        }
    }
}

#[cfg(test)]
mod tests;
