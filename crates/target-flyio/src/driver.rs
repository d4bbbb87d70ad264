//! Bringing one machine to its goal: look, take the one step, look again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::api::{ApiError, Launch, Machine, Power};
use crate::duration;
use crate::error::FlyError;
use crate::goal::{Failure, Goal, Memory, Same, Step};
use crate::plan::Place;
use crate::session::Session;

/// The longest slice of a wait: after each the machine is read, so that a crash or a revert shows soon.
const SLICE: Duration = Duration::from_secs(10);
/// How long a program may take to stop where its configuration does not say (fly.io docs: `kill_timeout`).
const STOP: Duration = Duration::from_secs(5);

/// How long a machine has been waited for.
struct Clock {
    began: Instant,
    since: Instant,
    waiting_for: &'static str,
    budget: Duration,
    /// The time that stopping may take, once it is known.
    stopping: Option<Duration>,
    slice: Duration,
}

impl Session<'_> {
    /// Brings one machine to its goal and returns it as it was last read.
    pub(crate) async fn drive(&self, goal: &Goal) -> Result<Machine, FlyError> {
        let mut memory = Memory::default();
        if let Place::Machine(id) = &goal.place {
            memory.id = Some(id.clone());
        }
        let mut clock = Clock::new(self.config().wait_timeout);
        loop {
            let seen = self.look(goal, &mut memory).await?;
            if let Some(machine) = &seen {
                memory.see(goal, machine);
                clock.allow(machine);
            }
            match (goal.step(&memory, seen.as_ref()), seen) {
                (Step::Done, Some(machine)) => return Ok(machine),
                (Step::Fail(failure), seen) => return Err(failed(failure, goal, &memory, seen)),
                (Step::Create, _) => self.create(goal, &mut memory).await?,
                (step, Some(machine)) => {
                    clock.check(&step, &machine)?;
                    self.take(&step, goal, &machine, &mut memory, &mut clock).await?;
                }
                (_, None) => unreachable!("a machine that is not there is created or missed"),
            }
        }
    }

    /// The machine of a goal, if there is one. Twins of a creation that was sent twice are removed.
    async fn look(&self, goal: &Goal, memory: &mut Memory) -> Result<Option<Machine>, FlyError> {
        if let Some(id) = &memory.id {
            return Ok(self.api().machine(id).await?);
        }
        let Place::Launch(launch) = &goal.place else { return Ok(None) };
        let mut found = self.api().launched(launch).await?;
        found.retain(|it| it.power() != Power::Gone);
        found.sort_by_key(|it| (it.power() != Power::Up, it.id.clone()));
        let mut found = found.into_iter();
        let Some(first) = found.next() else { return Ok(None) };
        self.leases().take(std::slice::from_ref(&first.id), self.cx()).await?;
        for twin in found {
            self.remove(&twin.id).await?;
        }
        memory.id = Some(first.id.clone());
        // The search may show less of a machine than reading it does.
        Ok(self.api().machine(&first.id).await?)
    }

    async fn create(&self, goal: &Goal, memory: &mut Memory) -> Result<(), FlyError> {
        let (asked, ttl) = (Instant::now(), self.config().lease_ttl);
        let launch = Launch {
            config: &goal.config,
            region: goal.region.as_deref(),
            name: goal.name.as_deref(),
            lease_ttl: ttl,
            skip_launch: goal.wanted != crate::goal::Wanted::Running,
            unregistered: goal.cordoned == Some(true),
        };
        memory.creates += 1;
        match self.api().create(&launch).await {
            Ok(machine) => {
                if let Some(nonce) = &machine.nonce {
                    self.leases().adopt(&machine.id, nonce, asked);
                }
                self.leases().take(std::slice::from_ref(&machine.id), self.cx()).await?;
                memory.held = Some(machine.instance_id);
                memory.id = Some(machine.id);
            }
            // Nobody knows whether it is there. It may take a moment to show; then it is looked for.
            Err(error) if error.is_transient() => sleep(self.config().poll.max(PAUSE)).await,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn take(
        &self,
        step: &Step,
        goal: &Goal,
        machine: &Machine,
        memory: &mut Memory,
        clock: &mut Clock,
    ) -> Result<(), FlyError> {
        let began = Instant::now();
        match step {
            Step::Settle => {
                let version = memory.held.as_deref().unwrap_or(&machine.instance_id);
                self.api().wait(&machine.id, version, clock.next_slice()).await?;
            }
            Step::Watch => {}
            write => {
                clock.restart();
                let done = self.write(write, goal, machine, memory).await;
                return self.forgive(&machine.id, done).await;
            }
        }
        // An answer that comes at once and changes nothing must not make us ask without a pause.
        sleep(self.config().poll.saturating_sub(began.elapsed())).await;
        Ok(())
    }

    async fn write(
        &self,
        step: &Step,
        goal: &Goal,
        machine: &Machine,
        memory: &mut Memory,
    ) -> Result<(), FlyError> {
        let guard = self.leases().guard(&machine.id)?;
        match step {
            Step::Update => {
                memory.updates += 1;
                let current = &machine.instance_id;
                let updated = self.api().update(&guard, &goal.config, current).await?;
                memory.held = Some(updated.instance_id);
            }
            Step::Start => {
                memory.starts += 1;
                self.api().start(&guard).await?;
                sleep(PAUSE).await;
            }
            Step::Stop => {
                self.api().stop(&guard).await?;
                sleep(PAUSE).await;
            }
            Step::Cordon => self.api().cordon(&guard).await?,
            Step::Uncordon => self.api().uncordon(&guard).await?,
            _ => {}
        }
        Ok(())
    }

    /// What is in the way of itself, or of unknown outcome, is settled by reading the machine again; how
    /// often is bounded by the goal.
    async fn forgive(&self, machine: &str, done: Result<(), FlyError>) -> Result<(), FlyError> {
        match done {
            Err(FlyError::Api(error)) if error.is_transient() || error.wants_a_second_look() => {
                tracing::debug!(%error, "reading the machine again");
                sleep(self.config().poll.max(PAUSE)).await;
                Ok(())
            }
            Err(FlyError::Api(ApiError::Leased { owner, until, .. })) => {
                tracing::warn!(machine, owner, until, "somebody else holds the lease now");
                Err(FlyError::LeaseLost { machine: machine.to_owned() })
            }
            other => other,
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

/// The shortest pause before something is tried again.
const PAUSE: Duration = Duration::from_millis(200);

impl Memory {
    fn see(&mut self, goal: &Goal, machine: &Machine) {
        let at = goal.is_at(machine) && !matches!(goal.same, Same::Born);
        let held = self.held.as_deref() == Some(machine.instance_id.as_str());
        match (held || at, &self.held) {
            (true, _) => (self.held, self.doubts) = (Some(machine.instance_id.clone()), 0),
            (false, Some(_)) if machine.power() != Power::Moving => self.doubts += 1,
            _ => {}
        }
        self.ups = if machine.power() == Power::Up { self.ups + 1 } else { 0 };
        self.stills = if machine.state == "created" { self.stills + 1 } else { 0 };
    }
}

impl Clock {
    fn new(budget: Duration) -> Self {
        let (now, slice) = (Instant::now(), Duration::from_secs(1));
        Self { began: now, since: now, waiting_for: "started", budget, stopping: None, slice }
    }

    /// A program that may take long to stop is given that time too.
    fn allow(&mut self, machine: &Machine) {
        if self.stopping.is_none() {
            let timeout = machine.config["stop_config"]["timeout"].as_str();
            let stopping = timeout.and_then(duration::parse).unwrap_or(STOP);
            self.budget += stopping;
            self.stopping = Some(stopping);
        }
    }

    fn check(&mut self, step: &Step, machine: &Machine) -> Result<(), FlyError> {
        let waiting_for = if *step == Step::Watch { "healthy" } else { "started" };
        if waiting_for != self.waiting_for {
            (self.waiting_for, self.since) = (waiting_for, Instant::now());
        }
        let late = self.since.elapsed() > self.budget || self.began.elapsed() > self.budget * 4;
        if !late {
            return Ok(());
        }
        let state = &machine.state;
        let seen = match *step {
            Step::Watch => format!("it is {state}, and {}", machine.complaint()),
            _ => format!("it is {state}"),
        };
        let (machine, after) = (machine.id.clone(), self.budget);
        Err(FlyError::NotInTime { machine, wanted: waiting_for, after, seen })
    }

    fn restart(&mut self) {
        (self.since, self.slice) = (Instant::now(), Duration::from_secs(1));
    }

    /// Slices grow: most machines are quick, and the slow ones need not be asked often.
    fn next_slice(&mut self) -> Duration {
        let slice = self.slice;
        self.slice = (slice * 2).min(SLICE);
        slice
    }
}

fn failed(failure: Failure, goal: &Goal, memory: &Memory, seen: Option<Machine>) -> FlyError {
    let machine = memory.id.clone().unwrap_or_else(|| match &goal.place {
        Place::Machine(id) | Place::Launch(id) => id.clone(),
    });
    let image = goal.config["image"].as_str().unwrap_or_default().to_owned();
    let seen = seen.unwrap_or_default();
    match failure {
        Failure::Gone => FlyError::Gone { machine },
        Failure::Reverted => {
            FlyError::Reverted { machine, back_to: seen.full_image(), image }
        }
        Failure::Crashed(how) => FlyError::Crashed { machine, how },
        Failure::GaveUp { action, tries } => {
            let state = if seen.state.is_empty() { "not there".into() } else { seen.state };
            FlyError::GaveUp { machine, action, tries, state }
        }
    }
}
