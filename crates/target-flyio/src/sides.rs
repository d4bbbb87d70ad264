//! The two sides of a process group on its way back: the machines that are as they were, and those that
//! still are what the run made of them. Pure.

use crate::api::{Machine, Power};
use crate::desired::{group_of, is_served};
use crate::goal::{Goal, Wanted};
use crate::session::width;

/// One group.
#[derive(Debug)]
pub(crate) struct Sides<'m> {
    pub(crate) group: String,
    /// Do users' requests reach it?
    pub(crate) served: bool,
    /// Machines that are as the snapshot says and well, wanted in the pool.
    pub(crate) ready: Vec<&'m Machine>,
    /// Machines in the pool that are not as the snapshot says.
    pub(crate) astray: Vec<&'m Machine>,
    /// How many machines have to be ready before those that are astray may go all at once: as many as the
    /// strategy dares to change at a time.
    pub(crate) needed: usize,
    /// Goals whose machine serves nobody now.
    pub(crate) calm: Vec<Goal>,
    /// Goals that take down a machine which serves.
    pub(crate) busy: Vec<Goal>,
}

impl<'m> Sides<'m> {
    /// The sides of each group of the snapshot, and of what else the run has made.
    pub(crate) fn of(
        goals: Vec<Goal>,
        machines: &'m [Machine],
        extra: impl Fn(&Machine) -> bool,
        share: f64,
    ) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for goal in goals {
            let known = all.iter().position(|it| it.group == group_of(&goal.config));
            let place = known.unwrap_or_else(|| {
                all.push(Self::none(&goal));
                all.len() - 1
            });
            all[place].enter(goal, machines);
        }
        for sides in &mut all {
            let open = sides.needed; // counted by `enter`
            sides.needed = width(open, share).min(open);
            let rival = |it: &&Machine| group_of(&it.config) == sides.group && extra(it);
            sides.astray.extend(machines.iter().filter(rival).filter(|it| it.serves()));
        }
        all
    }

    fn none(goal: &Goal) -> Self {
        let (ready, astray) = (Vec::new(), Vec::new());
        let (calm, busy) = (Vec::new(), Vec::new());
        let (group, served) = (group_of(&goal.config), is_served(&goal.config));
        Self { group, served, ready, astray, needed: 0, calm, busy }
    }

    fn enter(&mut self, goal: Goal, machines: &'m [Machine]) {
        let open = goal.wanted == Wanted::Running && goal.cordoned == Some(false);
        self.needed += usize::from(open);
        let machine = machines.iter().find(|it| goal.is_for(it));
        let well = |it: &&Machine| it.power() == Power::Up && it.is_healthy();
        if let Some(machine) = machine.filter(well) {
            match goal.is_at(machine) {
                true if open => self.ready.push(machine),
                false if machine.serves() => self.astray.push(machine),
                _ => {}
            }
        }
        let disturbs = goal.disturbs(machines);
        if disturbs { self.busy.push(goal) } else { self.calm.push(goal) }
    }

    /// Can those that are ready take what the others get now?
    pub(crate) fn carries(&self) -> bool {
        !self.ready.is_empty() && self.ready.len() >= self.needed
    }

    /// The goals that are worked on first, beside the calm ones: as few as are needed, so that the others
    /// carry the users until these can. The rest can wait for those.
    pub(crate) fn first(&self) -> usize {
        let waking = self.calm.iter().filter(|it| it.wanted == Wanted::Running);
        let asleep = waking.filter(|it| !self.ready.iter().any(|machine| it.is_for(machine)));
        let coming = self.ready.len() + asleep.count();
        self.needed.saturating_sub(coming).min(self.busy.len())
    }
}

#[cfg(test)]
#[path = "sides_tests.rs"]
mod tests;
