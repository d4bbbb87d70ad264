//! What cannot be done at all, said before anything is touched.

use std::collections::BTreeMap;

use super::Order;
use crate::desired::Desired;
use crate::error::FlyError;
use crate::record::{Recorded, World};

/// Why this plan is none, if it is none.
pub(super) fn refuse(world: &World, desired: &Desired, order: &Order<'_>) -> Result<(), FlyError> {
    let in_place = order.strategy.is_in_place();
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
    let is_new = |name: &String| !in_place || world.current().all(|it| it.group() != *name);
    let lacking = desired.groups.iter().find(|(name, it)| it.is_mounted() && is_new(name));
    if let Some((name, _)) = lacking {
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
