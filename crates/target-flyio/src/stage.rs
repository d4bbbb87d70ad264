//! What the machines of a stage shall be, and whether they are. Pure.

use std::collections::BTreeSet;

use crate::api::{Machine, Power};
use crate::desired::is_served;
use crate::goal::Goal;
use crate::plan::{Kind, Place, StageData, Work};

impl StageData {
    /// The machines of the release; greens are out of the pool until the switch.
    pub(crate) fn goals(&self) -> Vec<Goal> {
        self.works.iter().map(|work| self.goal(work)).collect()
    }

    fn goal(&self, work: &Work) -> Goal {
        let goal = Goal::of(work, &self.run, &self.image);
        if self.kind == Kind::Green { goal.cordoned(Some(true)) } else { goal }
    }

    /// The goals of these machines; those of new machines that stand by for other new ones apart.
    pub(crate) fn without_stand_bys<'w>(
        &self,
        works: impl Iterator<Item = &'w Work>,
    ) -> (Vec<(&'w Work, Goal)>, Vec<(&'w Work, Goal)>) {
        let goals = works.map(|work| (work, self.goal(work)));
        goals.partition(|(work, _)| work.stands_by.is_empty())
    }

    /// The machines of the release, in the pool. What they had to pass, they passed without traffic.
    pub(crate) fn open_goals(&self) -> Vec<Goal> {
        let goal = |work| Goal { tests: Vec::new(), ..Goal::of(work, &self.run, &self.image) };
        self.works.iter().map(goal).collect()
    }

    /// The new machines, if users' requests should reach any of them.
    pub(crate) fn served(&self, green: &BTreeSet<String>) -> BTreeSet<String> {
        let any = self.works.iter().any(|it| it.runs && !it.cordoned && is_served(&it.config));
        if any { green.clone() } else { BTreeSet::new() }
    }

    pub(crate) fn retires(&self, id: &str) -> bool {
        self.retired.iter().any(|it| it.id == id)
    }
}

/// What is not as the stage makes it, if anything.
pub(crate) fn unfinished(stage: &StageData, machines: &[Machine]) -> Option<String> {
    let mut digests = BTreeSet::new();
    for (work, goal) in stage.works.iter().zip(stage.goals()) {
        let of_place = machines.iter().filter(|it| goal.is_for(it)).collect::<Vec<_>>();
        let [machine] = of_place[..] else {
            let place = match &work.place {
                Place::Machine(id) | Place::Launch(id) => id,
            };
            return Some(format!("there are {} machines for {place}", of_place.len()));
        };
        if !goal.is_at(machine) {
            return Some(format!("machine {} is not at {}", machine.id, stage.version));
        }
        if work.runs && matches!(machine.power(), Power::Down) {
            return Some(format!("machine {} is {}", machine.id, machine.state));
        }
        if machine.power() == Power::Up && !machine.image_ref.digest.is_empty() {
            digests.insert(&machine.image_ref.digest);
        }
    }
    if digests.len() > 1 {
        // One name, two images: a tag that was moved in the middle would make a mixture.
        return Some(format!(
            "its machines run {} different images called {}",
            digests.len(),
            stage.image
        ));
    }
    let left = machines.iter().find(|it| stage.kind == Kind::Settle && stage.retires(&it.id));
    left.map(|it| format!("machine {} is still there", it.id))
}
