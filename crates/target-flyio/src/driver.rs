//! Bringing one machine to its goal: look, take the one step, look again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::api::{ApiError, Change, Launch, Machine, Power, Sent};
use crate::error::FlyError;
use crate::goal::{Failure, Goal, Step, Wanted};
use crate::memory::Memory;
use crate::patience::Patience;
use crate::plan::Place;
use crate::session::Session;

/// The shortest pause before something is tried, or looked at, again.
const PAUSE: Duration = Duration::from_millis(200);

/// One machine on its way.
struct Drive<'s> {
    session: &'s Session<'s>,
    goal: &'s Goal,
    memory: Memory,
    patience: Patience,
}

impl Session<'_> {
    /// Brings one machine to its goal and returns it as it was last read. One that has machine checks must pass
    /// them before it gets traffic.
    pub(crate) async fn drive(&self, goal: &Goal) -> Result<Machine, FlyError> {
        if !goal.tests.is_empty() {
            // One that is there keeps its place in the pool, and a new one is born outside of it.
            let born = matches!(goal.place, Place::Launch(_)).then_some(true);
            let machine = self.drive_once(&goal.clone().cordoned(born)).await?;
            self.test(&goal.tests, &machine).await?;
        }
        self.drive_once(goal).await
    }

    async fn drive_once(&self, goal: &Goal) -> Result<Machine, FlyError> {
        let patience = Patience::new(self.config().wait_timeout);
        let mut memory = Memory::default();
        if let Place::Machine(id) = &goal.place {
            memory.id = Some(id.clone());
        }
        match (Drive { session: self, goal, memory, patience }).go().await {
            Ok(machine) => Ok(machine),
            Err(error) => Err(self.explained(error).await),
        }
    }

    /// Destroys a machine of this run. Others are refused: only what we made is ours to remove.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), FlyError> {
        match self.api().machine(id).await? {
            Some(machine) if machine.power() == Power::Gone => Ok(()),
            Some(machine) if self.made(&machine) => self.destroy(id).await,
            Some(_) => Err(FlyError::Unsettled {
                problem: format!("machine {id} was not made by this run, so it is not removed"),
            }),
            None => Ok(()),
        }
    }

    /// Destroys a machine, whatever it is.
    pub(crate) async fn destroy(&self, id: &str) -> Result<(), FlyError> {
        self.leases().take(&[id.to_owned()], self.cx()).await?;
        match self.leases().guard(id) {
            Ok(guard) => self.api().destroy(&guard).await?,
            // It was gone when it was to be leased.
            Err(_) if self.api().machine(id).await?.is_none_or(|it| it.power() == Power::Gone) => {}
            Err(error) => return Err(error),
        }
        self.leases().forget(id);
        Ok(())
    }
}

impl Drive<'_> {
    async fn go(mut self) -> Result<Machine, FlyError> {
        loop {
            self.session.check_deadline()?;
            let seen = self.look().await?;
            if let Some(machine) = &seen {
                self.memory.see(self.goal, machine);
                self.patience.allow(machine, &self.goal.config);
            }
            match (self.goal.step(&self.memory, seen.as_ref()), seen) {
                (Step::Done, Some(machine)) => return Ok(machine),
                (Step::Fail(failure), seen) => return Err(self.failed(failure, seen)),
                (Step::Create, _) => self.create().await?,
                (step, Some(machine)) => {
                    self.patience.check(&step, &machine)?;
                    self.take(&step, &machine).await?;
                }
                (_, None) => unreachable!("a machine that is not there is created or missed"),
            }
        }
    }

    /// The machine of the goal, if there is one. Twins of a creation that was sent twice are removed.
    async fn look(&mut self) -> Result<Option<Machine>, FlyError> {
        let session = self.session;
        if let Some(id) = &self.memory.id {
            return Ok(session.api().machine(id).await?);
        }
        let Place::Launch(launch) = &self.goal.place else { return Ok(None) };
        let mut found = session.api().launched(launch).await?;
        found.retain(|it| it.power() != Power::Gone);
        found.sort_by_key(|it| (it.power() != Power::Up, it.id.clone()));
        let mut found = found.into_iter();
        let Some(first) = found.next() else { return Ok(None) };
        session.leases().take(std::slice::from_ref(&first.id), session.cx()).await?;
        for twin in found {
            session.remove(&twin.id).await?;
        }
        self.memory.id = Some(first.id.clone());
        // The search may show less of a machine than reading it does.
        Ok(session.api().machine(&first.id).await?)
    }

    async fn create(&mut self) -> Result<(), FlyError> {
        let session = self.session;
        let launch = Launch {
            config: &self.goal.config,
            region: self.goal.region.as_deref(),
            lease_ttl: Some(session.config().lease_ttl),
            idle: self.goal.wanted != Wanted::Running,
            unregistered: self.goal.cordoned == Some(true),
        };
        self.memory.creates += 1;
        match session.api().create(&launch).await {
            Ok(Sent { answer: machine, at }) => {
                if let Some(nonce) = &machine.nonce {
                    session.leases().adopt(&machine.id, nonce, at);
                }
                session.leases().take(std::slice::from_ref(&machine.id), session.cx()).await?;
                self.memory.held = Some(machine.instance_id);
                self.memory.id = Some(machine.id);
            }
            // Nobody knows whether it is there. It may take a moment to show; then it is looked for.
            Err(error) if error.is_transient() => sleep(session.config().poll.max(PAUSE)).await,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn take(&mut self, step: &Step, machine: &Machine) -> Result<(), FlyError> {
        let began = Instant::now();
        match step {
            Step::Settle => {
                let version = self.memory.held.as_deref().unwrap_or(&machine.instance_id);
                let slice = self.patience.slice();
                self.session.api().wait(&machine.id, version, slice).await?;
            }
            Step::Watch => {}
            write => {
                self.patience.renew();
                let done = self.write(write, machine).await;
                return self.forgive(machine, done).await;
            }
        }
        // An answer that comes at once and changes nothing must not make us ask without a pause.
        sleep(self.session.config().poll.saturating_sub(began.elapsed())).await;
        Ok(())
    }

    async fn write(&mut self, step: &Step, machine: &Machine) -> Result<(), FlyError> {
        let (api, memory) = (self.session.api(), &mut self.memory);
        let guard = self.session.leases().guard(&machine.id)?;
        match step {
            Step::Update => {
                memory.updates += 1;
                // By its name first, so that it is exactly what it was; by digest where that has moved.
                let pinned = self.goal.drifted(machine).then(|| self.goal.pinned());
                let off = machine.power() == Power::Down && self.goal.wanted != Wanted::Running;
                let change = Change {
                    config: pinned.as_ref().unwrap_or(&self.goal.config),
                    current: &machine.instance_id,
                    idle: off,
                };
                let updated = api.update(&guard, &change).await?;
                memory.held = Some(updated.instance_id);
            }
            Step::Start => {
                memory.starts += 1;
                api.start(&guard).await?;
                sleep(PAUSE).await;
            }
            Step::Stop => {
                api.stop(&guard).await?;
                sleep(PAUSE).await;
            }
            Step::Cordon => api.cordon(&guard).await?,
            Step::Uncordon => api.uncordon(&guard).await?,
            _ => {}
        }
        Ok(())
    }

    /// What is in the way of itself, or of unknown outcome, is settled by reading the machine again; how
    /// often is bounded by the goal and by patience.
    async fn forgive(&self, machine: &Machine, done: Result<(), FlyError>) -> Result<(), FlyError> {
        match done {
            Err(FlyError::Api(error)) if error.is_transient() || error.wants_a_second_look() => {
                tracing::debug!(%error, "reading the machine again");
                sleep(self.session.config().poll.max(PAUSE)).await;
                Ok(())
            }
            Err(FlyError::Api(ApiError::Leased { owner, until, .. })) => {
                tracing::warn!(machine.id, owner, until, "somebody else holds the lease now");
                Err(FlyError::LeaseLost { machine: machine.id.clone() })
            }
            other => other,
        }
    }

    fn failed(&self, failure: Failure, seen: Option<Machine>) -> FlyError {
        let machine = self.memory.id.clone().unwrap_or_else(|| match &self.goal.place {
            Place::Machine(id) | Place::Launch(id) => id.clone(),
        });
        let image = self.goal.config["image"].as_str().unwrap_or_default().to_owned();
        let seen = seen.unwrap_or_default();
        match failure {
            Failure::Gone => FlyError::Gone { machine },
            Failure::Reverted => FlyError::Reverted { machine, back_to: seen.full_image(), image },
            Failure::Crashed(how) => FlyError::Crashed { machine, how, log: None },
            Failure::GaveUp { action, tries } => {
                let state = if seen.state.is_empty() { "not there".into() } else { seen.state };
                FlyError::GaveUp { machine, action, tries, state }
            }
        }
    }
}
