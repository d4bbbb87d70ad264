//! Doing a stage. Each begins by leasing and reading everything, so that it converges from wherever a
//! crash left the app, and ends by reading everything again.

use std::collections::BTreeSet;

use futures::future::{FutureExt, join_all, try_join_all};
use tokio::time::{Instant, sleep};

use crate::api::{Machine, Power};
use crate::config::Strategy;
use crate::desired::is_served;
use crate::error::FlyError;
use crate::front::Front;
use crate::goal::Goal;
use crate::plan::{Kind, StageData};
use crate::record::World;
use crate::session::{Session, ids, width};
use crate::stage::{Job, unfinished};

/// How often a stage is begun again because something changed under it.
const ROUNDS: usize = 3;

impl Session<'_> {
    /// Does the stage and returns all machines as they are then.
    pub(crate) async fn advance(
        &self,
        stage: &StageData,
        world: &World,
    ) -> Result<Vec<Machine>, FlyError> {
        if stage.image.is_empty() {
            return Err(FlyError::Unplannable {
                problem: "there is no image to deploy".into(),
                next: "build one, or name one with --image".into(),
            });
        }
        if stage.kind == Kind::Release {
            return self.prepare(stage, world).await;
        }
        let machines = self.in_rounds(stage, world).await?;
        if stage.kind == Kind::Canary {
            self.bake(stage).await?;
            // What verifiers are shown must be what the stage makes, whatever one list says after so long.
            return self.in_rounds(stage, world).await;
        }
        Ok(machines)
    }

    /// Round after round until it is done. The last step has no way back, so it is tried for as long as a
    /// machine would be waited for; the others a few times.
    async fn in_rounds(&self, stage: &StageData, world: &World) -> Result<Vec<Machine>, FlyError> {
        let (began, mut rounds) = (Instant::now(), 0);
        loop {
            let error = match self.round(stage, world).await {
                Ok(machines) => return Ok(machines),
                Err(error) => error,
            };
            rounds += 1;
            let again = match stage.kind {
                Kind::Settle => error.may_pass() && began.elapsed() < self.config().endurance(),
                _ => error.is_worth_a_round() && rounds < ROUNDS,
            };
            if !again {
                return Err(error);
            }
            self.cx().note(format!("{error}; looking at everything again"));
            sleep(self.config().poll).await;
        }
    }

    async fn round(&self, stage: &StageData, world: &World) -> Result<Vec<Machine>, FlyError> {
        let machines = self.seize().await?;
        if let Some(machine) = self.moved(world, &machines) {
            return Err(FlyError::Moved { machine: machine.id.clone() });
        }
        let stage = &self.recorded(stage, &machines).await;
        match stage.kind {
            Kind::Release => {}
            Kind::Create | Kind::Green => self.create_all(stage, &machines).await?,
            Kind::Canary | Kind::Roll => self.roll(stage, &machines).await?,
            Kind::Switch => self.switch(stage, &machines).await?,
            Kind::Settle => self.settle(stage, &machines).await?,
        }
        // As others see it: what no list shows, the next deploy would make a second time.
        let machines = self.revealed(self.listed().await?).await?;
        let machines = self.steadied(machines).await?;
        match unfinished(stage, &machines) {
            None => Ok(machines),
            Some(problem) => Err(FlyError::Unsettled { problem }),
        }
    }

    /// Runs the release command. Nothing is leased for it: it changes no machine of the app.
    async fn prepare(&self, stage: &StageData, world: &World) -> Result<Vec<Machine>, FlyError> {
        let machines = self.machines().await?;
        // What cannot be deployed must not be migrated for.
        if let Some(machine) = self.moved(world, &machines) {
            return Err(FlyError::Moved { machine: machine.id.clone() });
        }
        let stage = self.recorded(stage, &machines).await;
        if let Some(release) = &stage.release {
            self.release(release).await?;
        }
        Ok(machines)
    }

    /// New machines; first those that others stand by for.
    async fn create_all(&self, stage: &StageData, known: &[Machine]) -> Result<(), FlyError> {
        self.cx().note(format!("creating {} machines", stage.works.len()));
        let (first, later) = stage.without_stand_bys(stage.works.iter());
        let first: Vec<Goal> = first.into_iter().map(|(_, goal)| goal).collect();
        let made = self.drive_wide(&first, known).await?;
        let stand_bys = self.create_stand_bys(later).await?;
        self.introduce(&[made, stand_bys].concat()).await
    }

    /// New machines that stand by for others, which are there by now.
    async fn create_stand_bys(&self, later: Vec<Job<'_>>) -> Result<Vec<Machine>, FlyError> {
        if later.is_empty() {
            return Ok(Vec::new());
        }
        let machines = self.machines().await?;
        let goals =
            later.into_iter().map(|(work, goal)| goal.standing_by(&work.stands_by, &machines));
        self.drive_wide(&goals.collect::<Vec<_>>(), &machines).await
    }

    /// Machine by machine: the groups side by side.
    async fn roll(&self, stage: &StageData, machines: &[Machine]) -> Result<(), FlyError> {
        let groups: BTreeSet<&str> = stage.works.iter().map(|it| it.group.as_str()).collect();
        let rolled = groups.into_iter().map(|it| self.roll_group(stage, it, machines).boxed());
        let rolled = join_all(rolled.collect::<Vec<_>>()).await;
        rolled.into_iter().collect()
    }

    /// The first machine alone, then a few at a time, and those that rest at the end.
    async fn roll_group(
        &self,
        stage: &StageData,
        group: &str,
        machines: &[Machine],
    ) -> Result<(), FlyError> {
        let works = stage.works.iter().filter(|it| it.group == group);
        let (first, later) = stage.without_stand_bys(works);
        let (warm, cold): (Vec<_>, Vec<_>) = first.into_iter().partition(|(work, _)| work.runs);
        let [warm, cold] = [warm, cold].map(|all| all.into_iter().map(|(_, goal)| goal).collect());
        let (warm, cold): (Vec<Goal>, Vec<Goal>) = (warm, cold);
        if stage.strategy == Strategy::Immediate {
            let all = [warm, cold].concat();
            let done = self.drive_all(&all, all.len()).await?;
            self.introduce(&done).await?;
        } else {
            self.in_waves(&warm, machines, stage.max_unavailable).await?;
            self.drive_wide(&cold, machines).await?;
        }
        self.create_stand_bys(later).await.map(drop)
    }

    /// Drives goals in waves that leave enough machines up. Between waves the proxy learns that the last
    /// ones are back.
    async fn in_waves(
        &self,
        goals: &[Goal],
        machines: &[Machine],
        max_unavailable: f64,
    ) -> Result<(), FlyError> {
        let (done, todo): (Vec<Goal>, Vec<Goal>) =
            goals.iter().cloned().partition(|goal| goal.is_already(machines));
        let mut returned = ids(&self.drive_wide(&done, machines).await?);
        let mut rest = todo.as_slice();
        while !rest.is_empty() {
            let width = width(goals.len(), max_unavailable);
            // The first goes alone, as in flyctl.
            let size = if rest.len() == goals.len() { 1 } else { width };
            let (wave, later) = rest.split_at(size.min(rest.len()));
            if goals.iter().any(|goal| is_served(&goal.config)) && !returned.is_empty() {
                self.traffic().returns(&returned).await;
            }
            self.check_cancelled()?;
            self.drain(wave).await?;
            // Its size is the limit already: a narrower front would make several waves of it.
            let done = self.drive_all(wave, wave.len()).await?;
            self.introduce(&done).await?;
            returned = ids(&done);
            rest = later;
            self.cx().progress((goals.len() - rest.len()) as u64, Some(goals.len() as u64));
        }
        Ok(())
    }

    /// Takes the machines of a wave out of the pool and waits until no request goes to them, where others
    /// can take these. A program that is told to stop drops what was just being handed to it.
    pub(crate) async fn drain(&self, wave: &[Goal]) -> Result<(), FlyError> {
        let machines = self.steadied(self.machines().await?).await?;
        let serving: Vec<&Machine> = machines.iter().filter(|it| it.serves()).collect();
        let (leaving, staying): (Vec<&Machine>, Vec<&Machine>) =
            serving.into_iter().partition(|it| wave.iter().any(|goal| goal.is_for(it)));
        let group = |it: &Machine| crate::desired::group_of(&it.config);
        let relieved = |it: &&Machine| staying.iter().any(|other| group(other) == group(it));
        let leaving: Vec<&Machine> = leaving.into_iter().filter(relieved).collect();
        if leaving.is_empty() {
            return Ok(());
        }
        let cordoned = leaving.iter().map(|it| self.cordon(&it.id));
        for error in
            join_all(cordoned.collect::<Vec<_>>()).await.into_iter().filter_map(Result::err)
        {
            // On the way back one that cannot be told is no reason to leave the others.
            if !self.is_last_resort() {
                return Err(error);
            }
            self.cx().note(error);
        }
        let left = self.traffic().leaves(&ids(leaving), &ids(staying)).await;
        self.tolerate(left)
    }

    /// The proxy's view is a courtesy to users, not what the stage is about: said, and gone on.
    pub(crate) fn tolerate(&self, seen: Result<(), FlyError>) -> Result<(), FlyError> {
        match seen {
            Err(error @ FlyError::TrafficStays { .. }) => {
                self.cx().note(error);
                Ok(())
            }
            other => other,
        }
    }

    /// Traffic to green, and only once users are answered by green, none to blue.
    async fn switch(&self, stage: &StageData, known: &[Machine]) -> Result<(), FlyError> {
        let goals = stage.goals();
        let waiting: Vec<Goal> = goals.iter().map(|it| it.clone().cordoned(None)).collect();
        self.drive_wide(&waiting, known).await?;
        let open: Vec<Goal> = stage.open_goals();
        let green = ids(&self.drive_wide(&open, known).await?);
        let served = stage.served(&green);
        if !served.is_empty() {
            self.cx().note("waiting until the new machines answer users");
            self.traffic().arrives(&served).await?;
        }
        self.close(stage, &served).await
    }

    /// Takes traffic from the retired machines and waits until none reaches them. The new ones were just
    /// read as started, healthy and in the pool.
    async fn close(&self, stage: &StageData, green: &BTreeSet<String>) -> Result<(), FlyError> {
        let machines = self.machines().await?;
        let old: Vec<&Machine> = machines.iter().filter(|it| stage.retires(&it.id)).collect();
        let cordoned = old.iter().filter(|it| !it.cordoned).map(|it| self.cordon(&it.id));
        try_join_all(cordoned.collect::<Vec<_>>()).await?;
        let served = old.iter().any(|it| it.power() != Power::Down && is_served(&it.config));
        if served && green.is_empty() {
            // Nobody takes over, so nobody can be seen to.
            sleep(self.config().blind_drain).await;
        } else if served {
            self.cx().note("waiting until the old machines answer nobody");
            self.traffic().leaves(&ids(old), green).await?;
        }
        Ok(())
    }

    /// Removes the retired machines, after a last look at those that take their place.
    async fn settle(&self, stage: &StageData, known: &[Machine]) -> Result<(), FlyError> {
        let carrying = self.drive_wide(&stage.open_goals(), known).await?;
        self.enough(stage, &carrying)?;
        self.close(stage, &stage.served(&ids(&carrying))).await?;
        let machines = self.machines().await?;
        let old = machines.iter().filter(|it| stage.retires(&it.id));
        let removed = old.map(|it| self.stop_and_destroy(it).boxed());
        try_join_all(removed.collect::<Vec<_>>()).await.map(drop)
    }

    /// Never fewer than before: as many machines run as did when the run began.
    fn enough(&self, stage: &StageData, carrying: &[Machine]) -> Result<(), FlyError> {
        let before = stage.retired.iter().filter(|it| it.ran && it.replaced).count();
        let now = carrying.iter().filter(|it| it.power() == Power::Up).count();
        if now >= before {
            return Ok(());
        }
        let app = self.api().app();
        let problem = format!("{now} new machines of {app} run and {before} old ones did");
        Err(FlyError::Unsettled { problem })
    }

    /// Stops a machine as its configuration says, waits for that, then destroys it.
    pub(crate) async fn stop_and_destroy(&self, machine: &Machine) -> Result<(), FlyError> {
        if machine.power() != Power::Down {
            let stopping = Goal::stopped(machine);
            match self.drive(&stopping, &Front::default()).await {
                // It is not wanted any more: that it does not stop, or is gone, is no reason to keep it.
                Ok(_) | Err(FlyError::Gone { .. } | FlyError::NotInTime { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.cx().note(format!("removing machine {}", machine.id));
        self.destroy(&machine.id).await
    }

    pub(crate) async fn cordon(&self, id: &str) -> Result<(), FlyError> {
        let guard = self.leases().guard(id)?;
        Ok(self.api().cordon(&guard).await?)
    }

    pub(crate) async fn uncordon(&self, id: &str) -> Result<(), FlyError> {
        let guard = self.leases().guard(id)?;
        Ok(self.api().uncordon(&guard).await?)
    }
}
