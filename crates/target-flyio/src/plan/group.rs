//! One group of a plan: which machines carry the release, and with which configuration.

use serde_json::Value;

use super::{Order, Place, Work};
use crate::desired::{STANDBY_FOR, Stamp, Template, standbys};
use crate::group::MountSpec;
use crate::record::{Recorded, World};

/// One group, and what shall become of it.
pub(super) struct GroupPlan<'a> {
    pub(super) group: &'a str,
    pub(super) template: &'a Template,
    pub(super) stamp: &'a Stamp<'a>,
    pub(super) order: &'a Order<'a>,
    pub(super) region: Option<&'a str>,
    pub(super) world: &'a World,
}

impl GroupPlan<'_> {
    /// The machines of the release, in the place of those that are there.
    pub(super) fn works(&self, existing: &[&Recorded]) -> Vec<Work> {
        if existing.is_empty() {
            return self.first();
        }
        if self.order.strategy.is_in_place() {
            return existing.iter().map(|machine| self.update(machine)).collect();
        }
        let mut works: Vec<Work> =
            (0..existing.len()).map(|slot| self.green(slot, existing)).collect();
        // A release that never ran cannot be verified: where all rest, one new machine is started.
        if works.iter().all(|work| !work.runs) {
            works[0].runs = true;
        }
        works
    }

    /// The machines of a new group. Two where the proxy can choose, one and a stand-by where it cannot;
    /// machines with volumes are alone (flyctl: first deploy, `--ha`).
    fn first(&self) -> Vec<Work> {
        let mut works = vec![self.work(Place::Launch(self.launch(0)), None)];
        self.mount(&mut works[0]);
        if self.order.ha && !self.template.is_mounted() {
            let mut second = self.work(Place::Launch(self.launch(1)), None);
            if !self.template.is_served() {
                (second.stands_by, second.runs) = (vec![self.launch(0)], false);
            }
            works.push(second);
        }
        works
    }

    /// Gives a new machine the volumes that it needs; that there are any was made sure of.
    fn mount(&self, work: &mut Work) {
        let free = |it: &MountSpec| Some(it.of(it.free(self.world, work.region.as_deref())?));
        let mounts: Vec<Value> = self.template.mounts().iter().filter_map(free).collect();
        if !mounts.is_empty() {
            work.config["mounts"] = mounts.into();
        }
    }

    fn update(&self, machine: &Recorded) -> Work {
        self.work(Place::Machine(machine.id.clone()), Some(machine))
    }

    /// A machine beside an old one. Who stood by for an old machine stands by for the one that replaces it.
    fn green(&self, slot: usize, existing: &[&Recorded]) -> Work {
        let machine = existing[slot];
        let mut work = self.work(Place::Launch(self.launch(slot)), Some(machine));
        let replaced = |id: &str| existing.iter().position(|it| it.id == id);
        let launches = standbys(&machine.config).filter_map(replaced).map(|slot| self.launch(slot));
        work.stands_by = launches.collect();
        if let Some(config) = work.config.as_object_mut() {
            config.remove("standbys");
        }
        work
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
        stand_by(&mut config);
        let region = existing.map(|it| it.region.clone()).or(self.region.map(str::to_owned));
        Work {
            place,
            group: self.group.to_owned(),
            region,
            // A failed machine is given its chance with the new release, as flyctl does.
            runs: existing.is_none_or(|it| it.ran() || it.state == "failed"),
            cordoned: existing.is_some_and(|it| it.cordoned),
            stands_by: Vec::new(),
            tests: self.template.tests().to_vec(),
            config,
        }
    }
}

/// Tells a machine that stands by for whom it does (flyctl: `FLY_STANDBY_FOR`).
pub(crate) fn stand_by(config: &mut Value) {
    let of: Vec<String> = standbys(config).map(str::to_owned).collect();
    if !of.is_empty() {
        config["env"][STANDBY_FOR] = of.join(",").into();
    }
}
