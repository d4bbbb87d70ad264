//! The moves of a way back. Users come first: as soon as enough machines are as they were, these are in
//! the pool and all others out of it, in one go. What then serves nobody is brought back all at once, and
//! what the run made goes.
//!
//! The two changes are made one right after the other, and not with a look at the proxy between them: users
//! would stay with a release that was refused for as long as the proxy takes to learn of the first. Should
//! the proxy learn of the second and not of the first, nobody answers; that shows, and is taken back.

use std::sync::OnceLock;
use std::time::Duration;

use futures::future::{FutureExt, join, join_all};
use tokio::time::Instant;

use crate::api::{Machine, Power};
use crate::desired::{group_of, is_served};
use crate::error::FlyError;
use crate::goal::Goal;
use crate::plan::Place;
use crate::record::World;
use crate::restore::Restored;
use crate::session::{Session, ids, width};
use crate::sides::Sides;

/// For how long nobody may answer before the machines that did are let in again: as long as the proxy may
/// take to learn of a change on an ordinary day (fly.io docs: monitoring/error-codes).
const SILENCE: Duration = Duration::from_secs(10);

/// One way back.
#[derive(Debug)]
pub(crate) struct WayBack<'s> {
    session: &'s Session<'s>,
    world: &'s World,
    began: Instant,
    back: OnceLock<Instant>,
}

impl<'s> WayBack<'s> {
    pub(crate) fn new(session: &'s Session<'s>, world: &'s World) -> Self {
        Self { session, world, began: Instant::now(), back: OnceLock::new() }
    }

    pub(crate) fn world(&self) -> &World {
        self.world
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn ended(&self, machines: Vec<Machine>) -> Restored {
        let traffic_back = self.back.get().map(|at| at.duration_since(self.began));
        Restored { machines, traffic_back }
    }

    /// Gives users to the machines that are as they were, in every group where there are enough.
    pub(crate) async fn turn(&self, machines: &[Machine]) -> Result<(), FlyError> {
        let (turned, waiting): (Vec<Sides<'_>>, Vec<Sides<'_>>) =
            self.sides(machines).into_iter().filter(|it| it.served).partition(Sides::carries);
        let ready: Vec<&Machine> = turned.iter().flat_map(|it| it.ready.clone()).collect();
        let astray: Vec<&Machine> = turned.iter().flat_map(|it| it.astray.clone()).collect();
        let closed: Vec<&Machine> = ready.iter().copied().filter(|it| it.cordoned).collect();
        if closed.is_empty() && astray.is_empty() {
            return Ok(());
        }
        self.open(&closed).await?;
        self.close(&astray).await?;
        self.session.cx().note("waiting until the old machines answer users");
        let back = self.watch(&ready, &astray).await?;
        // Where others still are astray, or may be, users may meet them yet.
        let none_astray = waiting.iter().all(|it| it.astray.is_empty());
        let none_left = self.out_of_reach(machines).is_empty();
        if let (Some(back), true) = (back, none_astray && none_left) {
            self.back.get_or_init(|| back);
        }
        Ok(())
    }

    /// Since when nobody is answered by a machine that is astray, if that is seen.
    async fn watch(
        &self,
        ready: &[&Machine],
        astray: &[&Machine],
    ) -> Result<Option<Instant>, FlyError> {
        let (old, new) = (ids(ready.iter().copied()), ids(astray.iter().copied()));
        for _ in 0..2 {
            match self.session.traffic().left(&new, &old, SILENCE).await {
                Ok(Some(since)) => return Ok(Some(since)),
                Ok(None) => self.let_in_again(ready, astray).await?,
                Err(error) => return self.session.tolerate(Err(error)).map(|()| None),
            }
        }
        Ok(None)
    }

    /// Nobody answers: the proxy knows that these are out and not that those are in. A change makes it look
    /// again, and until it has, users are better served by a refused release than by none.
    async fn let_in_again(&self, ready: &[&Machine], astray: &[&Machine]) -> Result<(), FlyError> {
        self.session.cx().note("nobody answers users, so the new machines are let in once more");
        self.open(astray).await?;
        self.close(ready).await?;
        self.open(ready).await?;
        self.session.traffic().arrives(&ids(ready.iter().copied())).await?;
        self.close(astray).await
    }

    /// Every machine of the snapshot that is within reach, as it was; the groups side by side. Says what could
    /// not be done: that one fails is no reason to leave the others on a release that was refused.
    pub(crate) async fn bring_back(&self, machines: &[Machine]) -> Vec<FlyError> {
        let groups = self.sides(machines).into_iter().map(|it| self.bring_group_back(it).boxed());
        join_all(groups.collect::<Vec<_>>()).await.into_iter().flatten().collect()
    }

    /// What serves nobody now is worked on at once; of what serves, no more than the strategy dares to
    /// take down, and when that is back, or cannot be, all the rest.
    async fn bring_group_back(&self, sides: Sides<'_>) -> Vec<FlyError> {
        let (first, rest) = sides.busy.split_at(sides.first());
        let (calm, batch) = join(self.drive(&sides.calm), self.drive_drained(first)).await;
        let mut left: Vec<FlyError> =
            calm.into_iter().chain(batch).filter_map(Result::err).collect();
        if !rest.is_empty() {
            match self.session.machines().await {
                Ok(machines) => {
                    left.extend(self.bring_rest_back(&sides.group, rest, &machines).await);
                }
                Err(error) => left.push(error),
            }
        }
        left
    }

    async fn bring_rest_back(
        &self,
        group: &str,
        rest: &[Goal],
        machines: &[Machine],
    ) -> Vec<FlyError> {
        if let Err(error) = self.turn(machines).await {
            self.session.cx().note(error);
        }
        let carried = self.sides(machines).iter().any(|it| it.group == group && it.carries());
        if carried || !rest.iter().any(|it| it.disturbs(machines)) {
            return self.drive(rest).await.into_iter().filter_map(Result::err).collect();
        }
        self.drive_in_waves(rest).await
    }

    /// Wave after wave, whatever becomes of each. Between them the proxy learns that the last ones are back.
    async fn drive_in_waves(&self, goals: &[Goal]) -> Vec<FlyError> {
        let served = goals.iter().any(|it| is_served(&it.config));
        let (mut left, mut returned) = (Vec::new(), Vec::new());
        for wave in goals.chunks(width(goals.len(), self.session.config().max_unavailable)) {
            if served && !returned.is_empty() {
                self.session.traffic().returns(&ids(&returned)).await;
            }
            returned.clear();
            for driven in self.drive_drained(wave).await {
                match driven {
                    Ok(machine) => returned.push(machine),
                    Err(error) => left.push(error),
                }
            }
            left.extend(self.session.introduce(&returned).await.err());
        }
        left
    }

    /// The goals, once no request goes to their machines. Where nobody can tell, they wait for the next round.
    async fn drive_drained(&self, goals: &[Goal]) -> Vec<Result<Machine, FlyError>> {
        if goals.is_empty() {
            return Vec::new();
        }
        match self.session.drain(goals).await {
            Ok(()) => self.drive(goals).await,
            Err(error) => vec![Err(error)],
        }
    }

    async fn drive(&self, goals: &[Goal]) -> Vec<Result<Machine, FlyError>> {
        self.session.drive_each(goals).await
    }

    /// What the run made goes: first from the proxy, once the old machines answer, then altogether. Where not
    /// all of the old ones are back, only what those that are back do without. Says what could not be done.
    pub(crate) async fn send_away(&self, all_back: bool) -> Result<Vec<FlyError>, FlyError> {
        let machines = self.session.machines().await?;
        let extra = |it: &&Machine| self.session.is_extra(self.world, it);
        let mut extras: Vec<&Machine> = machines.iter().filter(extra).collect();
        let leased: Vec<String> = extras.iter().map(|it| it.id.clone()).collect();
        let mut left = self.session.leases().take_each(&leased, self.session.cx()).await;
        extras.retain(|it| self.session.leases().guard(&it.id).is_ok());
        // A list may show what is back as it was, and users would be taken from it.
        if all_back && extras.is_empty() {
            return Ok(left);
        }
        self.turn(&machines).await?;
        if !all_back {
            let machines = self.session.machines().await?;
            let sides = self.sides(&machines);
            extras.retain(|it| self.is_done_without(it, &sides));
        }
        let removed = extras.iter().map(|it| self.dismiss(it).boxed());
        let removed = join_all(removed.collect::<Vec<_>>()).await;
        left.extend(removed.into_iter().filter_map(Result::err));
        Ok(left)
    }

    /// Would users miss this machine of the run's?
    fn is_done_without(&self, machine: &Machine, sides: &[Sides<'_>]) -> bool {
        let group = group_of(&machine.config);
        match sides.iter().find(|it| it.group == group) {
            Some(sides) => !sides.served || sides.carries(),
            None => !self.world.current().any(|it| it.group() == group),
        }
    }

    /// Why machines of the snapshot that are there are left out for now: what cannot be read, or is not leased,
    /// cannot be brought back.
    pub(crate) fn out_of_reach(&self, machines: &[Machine]) -> Vec<FlyError> {
        let known =
            self.world.current().filter_map(|was| machines.iter().find(|it| it.id == was.id));
        known.filter_map(|it| self.obstacle(it)).collect()
    }

    fn obstacle(&self, machine: &Machine) -> Option<FlyError> {
        if !machine.is_readable() {
            return Some(FlyError::Unreadable { machine: machine.id.clone() });
        }
        self.session.leases().guard(&machine.id).err()
    }

    async fn dismiss(&self, machine: &Machine) -> Result<(), FlyError> {
        // A machine that is on its way up is not worth waiting for.
        if machine.power() == Power::Up {
            return self.session.stop_and_destroy(machine).await;
        }
        self.session.remove(&machine.id).await
    }

    /// The sides, without the machines that are out of reach.
    fn sides<'m>(&self, machines: &'m [Machine]) -> Vec<Sides<'m>> {
        let mut goals = self.session.goals(self.world, machines);
        let within = |goal: &Goal| match &goal.place {
            Place::Machine(id) => {
                machines.iter().filter(|it| it.id == *id).all(|it| self.obstacle(it).is_none())
            }
            Place::Launch(_) => true,
        };
        goals.retain(within);
        let extra = |it: &Machine| self.session.is_extra(self.world, it);
        Sides::of(goals, machines, extra, self.session.config().max_unavailable)
    }

    async fn open(&self, machines: &[&Machine]) -> Result<(), FlyError> {
        // All are told, also where one cannot be.
        let opened = machines.iter().map(|it| self.session.uncordon(&it.id));
        join_all(opened.collect::<Vec<_>>()).await.into_iter().collect()
    }

    async fn close(&self, machines: &[&Machine]) -> Result<(), FlyError> {
        let closed = machines.iter().map(|it| self.session.cordon(&it.id));
        join_all(closed.collect::<Vec<_>>()).await.into_iter().collect()
    }
}
