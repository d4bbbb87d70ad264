//! What cannot be done at all, said before anything is touched.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Order;
use crate::api::Volume;
use crate::desired::Desired;
use crate::error::FlyError;
use crate::group::MountSpec;
use crate::record::{Recorded, World};

/// Why this plan is none, if it is none.
pub(super) fn refuse(world: &World, desired: &Desired, order: &Order<'_>) -> Result<(), FlyError> {
    let in_place = order.strategy.is_in_place();
    refuse_out_of_sight(world, desired)?;
    for machine in world.current() {
        let Some(template) = desired.groups.get(&machine.group()) else { continue };
        if machine.is_mounted() && !in_place {
            let problem =
                format!("machine {} has a volume, which bluegreen cannot move", machine.id);
            return no(problem, "use the rolling or the canary strategy for this app");
        }
        if in_place && !template.fits(&machine.config) {
            let problem = format!("machine {} has other mounts than fly.toml says", machine.id);
            return no(
                problem,
                "change volumes with flyctl first: a machine keeps what it was made with",
            );
        }
    }
    refuse_without_volumes(world, desired, in_place)?;
    if !in_place && let Some(problem) = mixture(world) {
        let next = "resume or take back the run that left them, or deploy with the rolling \
                    strategy, which makes them one";
        return no(problem, next);
    }
    Ok(())
}

/// A group without machines is a new one, and gets some; unless those that cannot be read are its machines.
fn refuse_out_of_sight(world: &World, desired: &Desired) -> Result<(), FlyError> {
    let unseen = |name: &&String| !world.current().any(|it| it.group() == **name);
    let skipped = world.ignored.iter().find(|it| it.unreachable);
    let (Some(skipped), Some(name)) = (skipped, desired.groups.keys().find(unseen)) else {
        return Ok(());
    };
    let id = &skipped.id;
    let problem = format!(
        "no machine of the group {name} can be read, and machine {id}, whose host does not answer, may be one: new \
         ones would come beside it"
    );
    let next = format!(
        "wait until its host is back (`fly machine status {id}`), or, if it is lost, remove it: `fly machine destroy \
         --force {id}`"
    );
    no(problem, &next)
}

/// New machines with volumes: the first one of a group takes a volume that is free; more are not made.
fn refuse_without_volumes(
    world: &World,
    desired: &Desired,
    in_place: bool,
) -> Result<(), FlyError> {
    for (name, template) in desired.groups.iter().filter(|(_, it)| it.is_mounted()) {
        let there = world.current().any(|it| it.group() == *name);
        let region = desired.region.as_deref();
        let lacking = template.mounts().iter().find(|it| it.free(world, region).is_none());
        match lacking {
            _ if there && in_place => {}
            Some(mount) if !there => {
                let at = region.map_or_else(String::new, |it| format!(" --region {it}"));
                let problem = format!(
                    "the group {name} needs a volume named {}, and none is free",
                    mount.name
                );
                let next = format!("make one: `fly volumes create {}{at}`", mount.name);
                return no(problem, &next);
            }
            None if !there && !template.mounts().is_empty() => {}
            _ => {
                let problem =
                    format!("the group {name} needs volumes, and its machines would be new");
                return no(problem, "create its machines and volumes with `fly deploy` once");
            }
        }
    }
    Ok(())
}

impl MountSpec {
    /// A volume for a new machine in this region, if there is one.
    pub(super) fn free<'w>(&self, world: &'w World, region: Option<&str>) -> Option<&'w Volume> {
        let fits = |it: &&Volume| region.is_none_or(|region| it.region == region);
        world.volumes.iter().filter(fits).find(|it| it.name == self.name)
    }

    /// The mount of that volume, as a machine's configuration holds it.
    pub(super) fn of(&self, volume: &Volume) -> Value {
        let mut mount = self.config.clone();
        mount["volume"] = volume.id.as_str().into();
        mount
    }
}

pub(super) fn no(problem: String, next: &str) -> Result<(), FlyError> {
    Err(FlyError::Unplannable { problem, next: next.to_owned() })
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
