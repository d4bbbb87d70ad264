//! The moves of a way back. Users come first: as soon as enough machines are as they were, these are in
//! the pool and all others out of it, in one go. What then serves nobody is brought back all at once, and
//! what the run made goes.
//!
//! The two changes are made one right after the other, and not with a look at the proxy between them: users
//! would stay with a release that was refused for as long as the proxy takes to learn of the first. Should
//! the proxy learn of the second and not of the first, nobody answers; that shows, and is taken back.

use std::sync::OnceLock;
use std::time::Duration;

use futures::future::{FutureExt, join, join_all, try_join_all};
use tokio::time::Instant;

use crate::api::{Machine, Power};
use crate::error::FlyError;
use crate::goal::Goal;
use crate::record::World;
use crate::restore::Restored;
use crate::session::{Session, ids};
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
        // Where others still are astray, users may meet them yet.
        if let (Some(back), true) = (back, waiting.iter().all(|it| it.astray.is_empty())) {
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

    /// Every machine of the snapshot, as it was; the groups side by side.
    pub(crate) async fn bring_back(&self, machines: &[Machine]) -> Result<(), FlyError> {
        let groups = self.sides(machines).into_iter().map(|it| self.bring_group_back(it).boxed());
        join_all(groups.collect::<Vec<_>>()).await.into_iter().collect()
    }

    /// What serves nobody now is worked on at once; of what serves, no more than the strategy dares to
    /// take down, and when that is back, all the rest.
    async fn bring_group_back(&self, sides: Sides<'_>) -> Result<(), FlyError> {
        let (first, rest) = sides.busy.split_at(sides.first());
        let batch = async {
            self.session.drain(first).await?;
            self.drive(first).await
        };
        let (calm, batch) = join(self.drive(&sides.calm), batch).await;
        calm.and(batch)?;
        if rest.is_empty() {
            return Ok(());
        }
        let machines = self.session.machines().await?;
        self.turn(&machines).await?;
        let serves = |it: &Goal| it.disturbs(&machines);
        let carried =
            self.sides(&machines).iter().any(|it| it.group == sides.group && it.carries());
        if carried || !rest.iter().any(serves) {
            return self.drive(rest).await;
        }
        self.session.in_waves(rest, &machines, self.session.config().max_unavailable).await
    }

    async fn drive(&self, goals: &[Goal]) -> Result<(), FlyError> {
        self.session.drive_all(goals, goals.len()).await.map(drop)
    }

    /// What the run made goes: first from the proxy, once the old machines answer, then altogether.
    pub(crate) async fn send_away(&self) -> Result<(), FlyError> {
        let machines = self.session.machines().await?;
        let extra = |it: &&Machine| self.session.is_extra(self.world, it);
        let extras: Vec<&Machine> = machines.iter().filter(extra).collect();
        let leased: Vec<String> = extras.iter().map(|it| it.id.clone()).collect();
        self.session.leases().take(&leased, self.session.cx()).await?;
        self.turn(&machines).await?;
        let removed = extras.iter().map(|it| self.dismiss(it).boxed());
        try_join_all(removed.collect::<Vec<_>>()).await.map(drop)
    }

    async fn dismiss(&self, machine: &Machine) -> Result<(), FlyError> {
        // A machine that is on its way up is not worth waiting for.
        if machine.power() == Power::Up {
            return self.session.stop_and_destroy(machine).await;
        }
        self.session.remove(&machine.id).await
    }

    fn sides<'m>(&self, machines: &'m [Machine]) -> Vec<Sides<'m>> {
        let goals = self.session.goals(self.world, machines);
        let extra = |it: &Machine| self.session.is_extra(self.world, it);
        Sides::of(goals, machines, extra, self.session.config().max_unavailable)
    }

    async fn open(&self, machines: &[&Machine]) -> Result<(), FlyError> {
        let opened = machines.iter().map(|it| self.session.uncordon(&it.id));
        try_join_all(opened.collect::<Vec<_>>()).await.map(drop)
    }

    async fn close(&self, machines: &[&Machine]) -> Result<(), FlyError> {
        let closed = machines.iter().map(|it| self.session.cordon(&it.id));
        try_join_all(closed.collect::<Vec<_>>()).await.map(drop)
    }
}
