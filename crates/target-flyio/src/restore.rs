//! Making the app what a snapshot says, from whatever half-way state, and telling when it is.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::{FutureExt, try_join_all};
use tokio::time::sleep;

use crate::api::{Machine, Power};
use crate::desired::launched_again;
use crate::error::FlyError;
use crate::goal::{Goal, Same, Wanted};
use crate::plan::Place;
use crate::record::World;
use crate::session::Session;
use crate::way_back::WayBack;

/// How often it is begun again because something changed under it.
const ROUNDS: usize = 3;

/// How many polls pass before it is tried again after a fault.
const AGAIN: u32 = 5;

/// How far one round of a way back has come.
#[derive(Debug)]
enum Round {
    /// All is as it was; all machines as they are now.
    Done(Vec<Machine>),
    /// All that could be done is done, and this is why the rest is not. Never empty.
    Left(Vec<FlyError>),
}

/// How a way back ended.
#[derive(Debug)]
pub(crate) struct Restored {
    /// All machines as they are now.
    pub(crate) machines: Vec<Machine>,
    /// How long it took until users were answered by the old release alone; `None` if they always were.
    pub(crate) traffic_back: Option<Duration>,
}

impl Session<'_> {
    /// Makes it so. There is nothing to fall back on from here, so what may pass (a platform that does not
    /// answer, somebody else's lease) is waited out for as long as a machine would be; meanwhile all that is
    /// within reach is brought back.
    pub(crate) async fn restore(&self, world: &World) -> Result<Restored, FlyError> {
        let way = WayBack::new(self, world);
        let mut restarted = BTreeSet::new();
        loop {
            let mut left = match self.restore_once(&way).await {
                Ok(Round::Done(machines)) => return Ok(way.ended(machines)),
                Ok(Round::Left(left)) => left,
                Err(error) => vec![error],
            };
            if let Some(at) = left.iter().position(|it| !it.may_pass()) {
                return Err(left.swap_remove(at));
            }
            if self.turn_off_anew(&left, &mut restarted).await {
                continue;
            }
            let over = way.began().elapsed() >= self.config().endurance();
            // Whatever this run had sent has arrived by then, or never will.
            let told = over || left.iter().any(|it| matches!(it, FlyError::Leased { .. }));
            if told && let Ok(Some(machines)) = self.never_began(world).await {
                return Ok(way.ended(machines));
            }
            for error in &left {
                self.cx().note(format!("{error}{}", if over { "" } else { "; trying again" }));
            }
            if over {
                return Err(left.swap_remove(0));
            }
            sleep(self.config().poll * AGAIN).await;
        }
    }

    /// Stops each machine that is not well in time, once. True if any was told.
    async fn turn_off_anew(&self, left: &[FlyError], restarted: &mut BTreeSet<String>) -> bool {
        let mut told = false;
        for error in left {
            if let FlyError::NotInTime { machine, .. } = error
                && restarted.insert(machine.clone())
            {
                told |= self.turn_off(machine, error).await;
            }
        }
        told
    }

    /// Stops a machine that is what it was and does not become well: its next boot may. True if it was told.
    async fn turn_off(&self, machine: &str, error: &FlyError) -> bool {
        self.cx().note(format!("{error}; it is stopped and started once"));
        let Ok(guard) = self.leases().guard(machine) else { return false };
        self.api().stop(&guard).await.is_ok()
    }

    async fn restore_once(&self, way: &WayBack<'_>) -> Result<Round, FlyError> {
        let world = way.world();
        let machines = self.machines().await?;
        self.learn(&machines).await;
        if let Some(machines) = self.anothers(world, &machines) {
            self.cx().note("somebody else has deployed since, and nothing of this run is there");
            return Ok(Round::Done(machines));
        }
        // Users first, with the leases that are held: a request of ours that is still on its way could at
        // most undo that, which shows below. What does not work so is tried again with leases anew.
        let (machines, refused) = self.hold(machines).await?;
        if let Some(machines) = self.in_the_way(world, &refused).await? {
            return Ok(Round::Done(machines));
        }
        if let Err(error) = way.turn(&machines).await {
            self.cx().note(error);
        }
        let cleared = self.clear_one_offs().await;
        let (machines, refused) = self.seize_anew().await?;
        if let Some(machines) = self.in_the_way(world, &refused).await? {
            return Ok(Round::Done(machines));
        }
        let machines = self.complete(world, machines).await?;
        let left = cleared.err().into_iter().chain(refused).collect();
        self.settle_back(way, machines, left).await
    }

    /// Round after round until it is as it was, or something is left.
    async fn settle_back(
        &self,
        way: &WayBack<'_>,
        mut machines: Vec<Machine>,
        refused: Vec<FlyError>,
    ) -> Result<Round, FlyError> {
        let (world, mut amiss, mut refused) = (way.world(), String::new(), refused);
        for _ in 0..ROUNDS {
            // What cannot be read says more than that it could not be leased.
            let mut left = way.out_of_reach(&machines);
            left.retain(|it| matches!(it, FlyError::Unreadable { .. }) || refused.is_empty());
            left.append(&mut refused);
            left.extend(way.bring_back(&machines).await);
            left.extend(way.send_away(left.is_empty()).await?);
            if !left.is_empty() {
                return Ok(Round::Left(left));
            }
            let listed = self.machines().await?;
            machines = self.complete(world, listed).await?;
            if let Some(hidden) = machines.iter().find(|it| self.is_hidden(it)) {
                return Err(FlyError::Unreadable { machine: hidden.id.clone() });
            }
            match self.differs(world, &machines) {
                None => {
                    self.introduce(&machines).await?;
                    return Ok(Round::Done(machines));
                }
                Some(problem) => amiss = problem,
            }
        }
        Err(FlyError::Unsettled { problem: amiss })
    }

    /// The machines, with leases on all of them that grant one. After a crash there are none: then they are
    /// read again once nobody else can change them.
    async fn hold(
        &self,
        machines: Vec<Machine>,
    ) -> Result<(Vec<Machine>, Vec<FlyError>), FlyError> {
        if machines.iter().all(|it| self.leases().guard(&it.id).is_ok()) {
            return Ok((machines, Vec::new()));
        }
        let ids: Vec<String> = machines.into_iter().map(|it| it.id).collect();
        let refused = self.leases().take_each(&ids, self.cx()).await;
        Ok((self.machines().await?, refused))
    }

    /// The machines, if somebody else is at work on some and none is the work of this run.
    async fn in_the_way(
        &self,
        world: &World,
        refused: &[FlyError],
    ) -> Result<Option<Vec<Machine>>, FlyError> {
        if refused.iter().any(|it| matches!(it, FlyError::Leased { .. })) {
            return self.never_began(world).await;
        }
        Ok(None)
    }

    /// The machines, if nothing of this run is among them: none was made or changed by it, and each is in
    /// or out of the pool as it was. What somebody else who holds a lease is doing is not ours to undo.
    async fn never_began(&self, world: &World) -> Result<Option<Vec<Machine>>, FlyError> {
        let machines = self.machines().await?;
        let ours = |it: &Machine| {
            let was = world.machine(&it.id);
            let same = was.is_some_and(|was| was.instance_id == it.instance_id);
            let known = it.is_readable() || same;
            self.made(it) || !known || was.is_some_and(|was| was.cordoned != it.cordoned)
        };
        Ok((!machines.iter().any(ours)).then_some(machines))
    }

    /// The machines, if another deploy has made them what they are: nothing there is of this run, and there
    /// is what the snapshot does not know, or something else in a machine it does. To go back from that
    /// would undo the other deploy, and leave a mixture of the two.
    fn anothers(&self, world: &World, machines: &[Machine]) -> Option<Vec<Machine>> {
        // Of a machine that cannot be read nobody knows whose work it is; it may be ours.
        let none_ours = machines.iter().all(|it| it.is_readable() && !self.made(it));
        let anothers = self.moved(world, machines).is_some() || replaced(world, machines);
        (none_ours && anothers).then(|| machines.to_vec())
    }

    /// A machine that is neither this run's nor what the snapshot says of it: somebody else's work since.
    pub(crate) fn moved<'m>(&self, world: &World, machines: &'m [Machine]) -> Option<&'m Machine> {
        let goals = self.goals(world, machines);
        let settled = |it: &Machine| !matches!(it.power(), Power::Moving | Power::Gone);
        let changed = |it: &Machine| goals.iter().any(|goal| goal.is_for(it) && !goal.is_at(it));
        machines.iter().find(|it| {
            let strange = world.machine(&it.id).is_none() && it.power() != Power::Gone;
            let anothers = strange || settled(it) && changed(it) || let_in(world, it);
            anothers && it.is_readable() && it.foreign().is_none() && !self.made(it)
        })
    }

    /// What a list shows, but every machine of the snapshot as it is when it is read by itself: a list may leave
    /// out what is there, which would be created a second time, or show it as it was.
    async fn complete(
        &self,
        world: &World,
        mut machines: Vec<Machine>,
    ) -> Result<Vec<Machine>, FlyError> {
        let read = world.current().map(|was| self.read_again(&was.id).boxed());
        for machine in try_join_all(read.collect::<Vec<_>>()).await?.into_iter().flatten() {
            if let Some(listed) = machines.iter_mut().find(|it| it.id == machine.id) {
                *listed = machine;
                continue;
            }
            let id = std::slice::from_ref(&machine.id);
            for error in self.leases().take_each(id, self.cx()).await {
                self.cx().note(error);
            }
            machines.push(machine);
        }
        Ok(machines)
    }

    /// One machine, if it is there. One that cannot be read now is there and shows nothing of itself.
    async fn read_again(&self, id: &str) -> Result<Option<Machine>, FlyError> {
        match self.api().machine(id).await {
            Ok(found) => Ok(found.filter(|it| it.power() != Power::Gone)),
            Err(error) if error.is_unauthorized() => Err(error.into()),
            Err(error) => {
                self.cx().note(error);
                Ok(Some(Machine { id: id.to_owned(), ..Machine::default() }))
            }
        }
    }

    /// A machine of the snapshot that is gone is created again; its launch id keeps it from being created
    /// twice.
    pub(crate) fn goals(&self, world: &World, machines: &[Machine]) -> Vec<Goal> {
        let goal = |it: &crate::record::Recorded| {
            let goal = Goal::was(it);
            if machines.iter().any(|machine| machine.id == it.id) {
                return goal;
            }
            let launch = self.relaunch(&it.id);
            let mut goal = Goal { same: Same::Born, place: Place::Launch(launch.clone()), ..goal };
            launched_again(&mut goal.config, &launch);
            goal
        };
        world.current().map(goal).collect()
    }

    fn relaunch(&self, id: &str) -> String {
        format!("{}.restore.{id}", self.cx().run())
    }

    /// Was it made by this run, and does it stand for no machine of the snapshot?
    pub(crate) fn is_extra(&self, world: &World, machine: &Machine) -> bool {
        let again = world.current().any(|it| machine.launch() == Some(&self.relaunch(&it.id)));
        world.machine(&machine.id).is_none() && !again && self.made(machine)
    }

    /// What is not as the snapshot says, if anything.
    fn differs(&self, world: &World, machines: &[Machine]) -> Option<String> {
        if let Some(extra) = machines.iter().find(|it| self.is_extra(world, it)) {
            return Some(format!("machine {} is still there", extra.id));
        }
        for goal in self.goals(world, machines) {
            let Some(machine) = machines.iter().find(|it| goal.is_for(it)) else {
                return Some("a machine of the snapshot is missing".to_owned());
            };
            let down = goal.wanted == Wanted::Running && machine.power() == Power::Down;
            if down || goal.cordoned != Some(machine.cordoned) {
                let pool = if machine.cordoned { "cordoned" } else { "in the pool" };
                return Some(format!("machine {} is {} and {pool}", machine.id, machine.state));
            }
        }
        None
    }
}

/// What an earlier run had left behind out of the pool is in it now: that run went on.
fn let_in(world: &World, machine: &Machine) -> bool {
    let current = world.current().any(|it| it.id == machine.id);
    let was_out = world.machine(&machine.id).is_some_and(|was| was.cordoned);
    was_out && !current && !machine.cordoned && machine.power() != Power::Gone
}

/// A machine of the snapshot is gone, and others that the snapshot does not want to keep are there: the
/// work of whoever made those. Of its own, a run removes machines only when there is no way back.
fn replaced(world: &World, living: &[Machine]) -> bool {
    let gone = |id: &str| !living.iter().any(|it| it.id == id);
    let kept = |it: &Machine| world.current().any(|was| was.id == it.id);
    world.current().any(|was| gone(&was.id)) && living.iter().any(|it| !kept(it))
}
