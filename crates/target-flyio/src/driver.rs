//! Bringing one machine to its goal: look, take the one step, look again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::api::{ApiError, Change, Launch, Machine, Power, Sent};
use crate::error::FlyError;
use crate::front::{Front, Launched};
use crate::goal::{Failure, Goal, Same, Step, Wanted};
use crate::memory::Memory;
use crate::patience::Patience;
use crate::plan::Place;
use crate::session::Session;

/// The shortest pause before something is tried, or looked at, again.
const PAUSE: Duration = Duration::from_millis(200);

/// The time between two lists (fly.io docs: machines/api, rate limits).
const LIST_TURN: Duration = Duration::from_secs(1);

/// For how long a machine on the way back may show nothing of itself before the others go on without it: it is
/// looked for again later. A host that restarts is away for less, one that has died for hours.
const OUT_OF_SIGHT: Duration = Duration::from_secs(30);

/// One machine on its way.
struct Drive<'s> {
    session: &'s Session<'s>,
    goal: &'s Goal,
    front: &'s Front,
    memory: Memory,
    patience: Patience,
    /// Is there nothing to do but to wait for its checks?
    watching: bool,
    /// Since when it shows nothing of itself.
    unseen: Option<Instant>,
    /// When it was last told to run.
    told: Option<Instant>,
}

impl Session<'_> {
    /// Brings one machine to its goal and returns it as it was last read. One that has machine checks must pass
    /// them before it gets traffic.
    pub(crate) async fn drive(&self, goal: &Goal, front: &Front) -> Result<Machine, FlyError> {
        let mut id = match &goal.place {
            Place::Machine(id) => Some(id.clone()),
            Place::Launch(_) => None,
        };
        if !goal.tests.is_empty() {
            // One that is there keeps its place in the pool, and a new one is born outside of it.
            let born = matches!(goal.place, Place::Launch(_)).then_some(true);
            let machine = self.drive_once(&goal.clone().cordoned(born), front, id).await?;
            self.test(&goal.tests, &machine).await?;
            id = Some(machine.id);
        }
        self.drive_once(goal, front, id).await
    }

    async fn drive_once(
        &self,
        goal: &Goal,
        front: &Front,
        id: Option<String>,
    ) -> Result<Machine, FlyError> {
        let patience = Patience::new(self.config().wait_timeout);
        let memory = Memory { id, ..Memory::default() };
        let (watching, unseen, told) = (false, None, None);
        let drive = Drive { session: self, goal, front, memory, patience, watching, unseen, told };
        match drive.go().await {
            Ok(machine) => {
                if goal.healthy {
                    self.steady().note(&machine);
                }
                Ok(machine)
            }
            Err(error) => Err(self.explained(error).await),
        }
    }
}

impl Drive<'_> {
    async fn go(mut self) -> Result<Machine, FlyError> {
        loop {
            self.session.check_deadline()?;
            let seen = self.look().await?;
            if seen.is_none() && self.memory.is_newborn() {
                sleep(self.session.config().poll.max(PAUSE)).await;
                continue;
            }
            if let Some(machine) = &seen {
                self.check_sight(machine)?;
                self.memory.see(self.goal, machine);
                self.patience.allow(machine, &self.goal.config);
            }
            match (self.goal.step(&self.memory, seen.as_ref()), seen) {
                (Step::Done, Some(machine)) => {
                    self.note_boot(&machine);
                    return Ok(machine);
                }
                (Step::Fail(failure), seen) => return Err(self.failed(failure, seen)),
                (Step::Create, _) => self.create().await?,
                (step, Some(machine)) => {
                    self.watching = step == Step::Watch && machine.is_checked();
                    self.patience.check(&step, &machine)?;
                    if let Some((wanted, limit)) = self.patience.news(&step) {
                        let (id, seconds) = (&machine.id, limit.as_secs());
                        let words =
                            format!("waits for machine {id} to be {wanted}, up to {seconds}s");
                        self.session.cx().note(words);
                    }
                    self.take(&step, &machine).await?;
                }
                (_, None) => unreachable!("a machine that is not there is created or missed"),
            }
        }
    }

    /// A machine of the new release has become well.
    fn note_boot(&self, machine: &Machine) {
        let new = self.goal.healthy && matches!(self.goal.same, Same::Run { .. });
        if let Some(told) = self.told.filter(|_| new && machine.is_checked()) {
            self.session.boots().note(told.elapsed());
        }
    }

    fn check_sight(&mut self, machine: &Machine) -> Result<(), FlyError> {
        if machine.is_readable() || !self.session.is_last_resort() {
            self.unseen = None;
            return Ok(());
        }
        let since = self.unseen.get_or_insert_with(Instant::now);
        if since.elapsed() < OUT_OF_SIGHT {
            return Ok(());
        }
        Err(FlyError::Unreadable { machine: machine.id.clone() })
    }

    /// The machine of the goal, if there is one. Twins of a creation that was sent twice are removed.
    async fn look(&mut self) -> Result<Option<Machine>, FlyError> {
        let session = self.session;
        if let Some(id) = &self.memory.id {
            return match self.glance(id).await {
                Some(machine) => Ok(Some(machine)),
                None => Ok(session.api().machine(id).await?),
            };
        }
        let Place::Launch(launch) = &self.goal.place else { return Ok(None) };
        match self.front.machine(launch) {
            // What became of a creation that was not answered is looked for.
            _ if self.memory.creates > 0 => {}
            Launched::NotYet => return Ok(None),
            Launched::As(id) => {
                let living = |it: &Machine| it.power() != Power::Gone;
                if let Some(machine) = session.api().machine(&id).await?.filter(living) {
                    session.leases().take(std::slice::from_ref(&id), session.cx()).await?;
                    self.memory.id = Some(id);
                    return Ok(Some(machine));
                }
            }
            Launched::Unknown => {}
        }
        let mut found = session.revealed(session.machines().await?).await?;
        found.retain(|it| it.launch() == Some(launch));
        found.sort_by_key(|it| (it.power() != Power::Up, it.id.clone()));
        let mut found = found.into_iter();
        let Some(first) = found.next() else { return Ok(None) };
        session.leases().take(std::slice::from_ref(&first.id), session.cx()).await?;
        for twin in found {
            session.remove(&twin.id).await?;
        }
        self.memory.id = Some(first.id.clone());
        // A list may show less of a machine than reading it does.
        Ok(session.api().machine(&first.id).await?)
    }

    /// The machine as a list shows it, where that is enough: several are watched, one list does for all, and
    /// it shows that there still is nothing to do but to watch. Whatever else it shows is read again.
    async fn glance(&self, id: &str) -> Option<Machine> {
        if !(self.watching && self.takes_turns()) {
            return None;
        }
        let seen = self.session.api().listed(id).await.ok()??;
        let mut memory = self.memory.clone();
        memory.see(self.goal, &seen);
        (self.goal.step(&memory, Some(&seen)) == Step::Watch).then_some(seen)
    }

    /// Is there a list that the others wait for too?
    fn takes_turns(&self) -> bool {
        self.session.config().paced && self.front.is_crowd()
    }

    async fn create(&mut self) -> Result<(), FlyError> {
        let session = self.session;
        session.api().turn_to_create().await;
        if self.memory.creates == 0 {
            self.may_begin()?;
        }
        self.patience = Patience::new(session.config().wait_timeout);
        let launch = Launch {
            config: &self.goal.config,
            region: self.goal.region.as_deref(),
            lease_ttl: Some(session.config().lease_ttl),
            idle: self.goal.wanted != Wanted::Running,
            unregistered: self.goal.cordoned == Some(true),
        };
        self.memory.creates += 1;
        match session.api().create_now(&launch).await {
            Ok(Sent { answer: machine, at }) => {
                if let Some(nonce) = &machine.nonce {
                    session.leases().adopt(&machine.id, nonce, at);
                }
                session.leases().take(std::slice::from_ref(&machine.id), session.cx()).await?;
                self.memory.held = Some(machine.instance_id);
                self.memory.id = Some(machine.id);
                self.memory.made = Some(at);
                self.told = Some(at);
            }
            // Nobody knows whether it is there. It may take a moment to show; then it is looked for.
            Err(error) if error.is_transient() => sleep(session.config().poll.max(PAUSE)).await,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Many wait for their turn to be created, and meanwhile one of those before them may fail. The error
    /// comes after that one's, which is what is told.
    fn may_begin(&self) -> Result<(), FlyError> {
        self.session.check_deadline()?;
        self.session.check_cancelled()?;
        if self.front.has_failed() { Err(FlyError::Cancelled) } else { Ok(()) }
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
        // An answer that comes at once and changes nothing must not make us ask without a pause. The turn of
        // a list is one.
        let turn = if self.watching && self.takes_turns() { LIST_TURN } else { Duration::ZERO };
        let paused = began.elapsed() + turn;
        sleep(self.session.config().poll.saturating_sub(paused)).await;
        Ok(())
    }

    async fn write(&mut self, step: &Step, machine: &Machine) -> Result<(), FlyError> {
        let (api, memory) = (self.session.api(), &mut self.memory);
        let guard = self.session.leases().guard(&machine.id)?;
        if matches!(step, Step::Update | Step::Start) {
            self.told = Some(Instant::now());
        }
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
                (memory.starts, memory.stills) = (memory.starts + 1, 0);
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
            Err(FlyError::Api(error)) if error.may_be_in_its_own_way() || error.is_not_found() => {
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
