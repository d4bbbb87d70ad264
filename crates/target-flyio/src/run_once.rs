//! Running one command to its end, on a machine of its own that goes in all cases.

use std::time::Duration;

use futures::future::{FutureExt, try_join_all};
use tokio::time::{Instant, sleep};

use crate::api::{Launch, Machine, Power};
use crate::desired::GROUP;
use crate::error::FlyError;
use crate::goal::TRIES;
use crate::group::TestSpec;
use crate::one_off::{OneOff, Past, Step};
use crate::session::Session;

/// How long to wait for the end in one call.
const SLICE: Duration = Duration::from_secs(10);

impl Session<'_> {
    /// Runs it to its end; a run that was cut off takes up the machine that is there. Returns once its machine
    /// is gone.
    pub(crate) async fn run_once(&self, one_off: &OneOff) -> Result<(), FlyError> {
        self.cx().note(format!("{}: {}", one_off.name, one_off.line));
        let ended = self.see_through(one_off).await;
        let cleared = self.clear(&one_off.launch).await;
        ended?;
        cleared
    }

    /// Runs the release command, unless another deploy is at its own.
    pub(crate) async fn release(&self, one_off: &OneOff) -> Result<(), FlyError> {
        self.refuse_rivals(one_off).await?;
        self.run_once(one_off).await
    }

    /// A command of another deploy that runs now must not run beside ours; one that has ended is in nobody's
    /// way.
    async fn refuse_rivals(&self, one_off: &OneOff) -> Result<(), FlyError> {
        let all = self.api().machines().await?;
        let group = one_off.config["metadata"][GROUP].as_str();
        let same = |it: &&Machine| it.is_one_off() && it.metadata(GROUP) == group;
        let works = |it: &&Machine| matches!(it.power(), Power::Up | Power::Moving);
        match all.iter().filter(same).filter(works).find(|it| !self.made(it)) {
            None => Ok(()),
            Some(rival) => Err(FlyError::Unplannable {
                problem: format!(
                    "machine {} runs the {} of another deploy",
                    rival.id, one_off.name
                ),
                next: format!(
                    "wait until it has ended; if it hangs: `fly machine destroy --force {}`",
                    rival.id
                ),
            }),
        }
    }

    /// Runs the machine checks of a machine that is up, side by side.
    pub(crate) async fn test(&self, tests: &[TestSpec], of: &Machine) -> Result<(), FlyError> {
        let launch = |number: usize| format!("{}.test.{}.{number}", self.cx().run(), of.id);
        let all: Vec<OneOff> = tests
            .iter()
            .enumerate()
            .map(|(number, spec)| OneOff::test(spec, &launch(number), of))
            .collect();
        try_join_all(all.iter().map(|it| self.run_once(it).boxed())).await.map(drop)
    }

    async fn see_through(&self, one_off: &OneOff) -> Result<(), FlyError> {
        let (began, mut past) = (Instant::now(), Past::default());
        loop {
            self.check_deadline()?;
            let machine = self.look_for(one_off, &mut past).await?;
            let id = past.id.clone().unwrap_or_default();
            match OneOff::step(&past, machine.as_ref()) {
                Step::Create => past.id = self.create_one_off(one_off, &mut past).await?,
                Step::Start => self.start_one_off(one_off, &id, &mut past).await?,
                Step::Wait => self.wait_for_end(&id, machine.as_ref(), &mut past).await?,
                Step::Ended(exit) if exit.is_good() => return Ok(()),
                Step::Ended(exit) => {
                    return Err(self.command_failed(one_off, &id, exit.text()).await);
                }
                Step::Lost => {
                    let how = "its machine is gone, and nobody knows how it ended".to_owned();
                    return Err(self.command_failed(one_off, &id, how).await);
                }
            }
            if one_off.timeout.is_some_and(|limit| began.elapsed() > limit) {
                let limit = one_off.timeout.unwrap_or_default();
                let how = format!("it had not ended after {limit:?}, and was stopped");
                return Err(self.command_failed(one_off, &id, how).await);
            }
        }
    }

    /// Its machine: by its id once that is known, else by its launch id, also where it is destroyed by now.
    async fn look_for(
        &self,
        one_off: &OneOff,
        past: &mut Past,
    ) -> Result<Option<Machine>, FlyError> {
        if let Some(id) = &past.id {
            return Ok(self.api().machine(id).await?);
        }
        let mut found = self.api().launched_ever(self.cx().run().as_str(), &one_off.launch).await?;
        // Of twins, the one that has got furthest counts; `clear` removes the other.
        found.sort_by_key(|it| (it.ended().is_none(), !it.was_started(), it.id.clone()));
        let Some(first) = found.into_iter().next() else { return Ok(None) };
        past.id = Some(first.id.clone());
        // The search may show less of a machine than reading it does.
        Ok(self.api().machine(&first.id).await?.or(Some(first)))
    }

    async fn create_one_off(
        &self,
        one_off: &OneOff,
        past: &mut Past,
    ) -> Result<Option<String>, FlyError> {
        let launch = Launch {
            config: &one_off.config,
            region: one_off.region.as_deref(),
            lease_ttl: None,
            idle: true,
            unregistered: false,
        };
        past.creates += 1;
        match self.api().create(&launch).await {
            Ok(sent) => Ok(Some(sent.answer.id)),
            // Nobody knows whether it is there: it is looked for.
            Err(error) if error.may_be_gone_soon() && past.creates < TRIES => {
                sleep(self.config().poll).await;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn start_one_off(
        &self,
        one_off: &OneOff,
        id: &str,
        past: &mut Past,
    ) -> Result<(), FlyError> {
        match self.api().start_free(id).await {
            // It has run and is gone already: its events say how it ended.
            Err(error) if error.is_not_found() => Ok(()),
            // While its image is pulled it is `created`, and refuses.
            Err(error) if error.may_be_in_its_own_way() && self.is_patient_with(past) => {
                sleep(self.config().poll).await;
                Ok(())
            }
            Err(error) if error.may_be_in_its_own_way() => Err(self
                .command_failed(one_off, id, format!("it could not be started: {error}"))
                .await),
            other => Ok(other?),
        }
    }

    /// Is it given more time to become one that can be started?
    fn is_patient_with(&self, past: &mut Past) -> bool {
        let since = past.refused.get_or_insert_with(Instant::now);
        since.elapsed() < self.config().endurance()
    }

    async fn wait_for_end(
        &self,
        id: &str,
        machine: Option<&Machine>,
        past: &mut Past,
    ) -> Result<(), FlyError> {
        let began = Instant::now();
        match machine.map(Machine::power) {
            None | Some(Power::Gone | Power::Down) => past.doubts += 1,
            _ => self.api().wait_for_end(id, SLICE).await?,
        }
        // An answer that comes at once must not make us ask without a pause.
        sleep(self.config().poll.saturating_sub(began.elapsed())).await;
        Ok(())
    }

    async fn command_failed(&self, one_off: &OneOff, machine: &str, how: String) -> FlyError {
        FlyError::Command {
            name: one_off.name.clone(),
            machine: machine.to_owned(),
            how,
            log: self.log_tail(machine).await,
        }
    }

    /// Removes every machine of this launch id that is still there.
    async fn clear(&self, launch: &str) -> Result<(), FlyError> {
        for machine in self.api().launched_ever(self.cx().run().as_str(), launch).await? {
            if machine.power() != Power::Gone {
                self.api().destroy_free(&machine.id).await?;
            }
        }
        Ok(())
    }

    /// Removes what commands of this run have left behind: on the way back nothing of it may stay.
    pub(crate) async fn clear_one_offs(&self) -> Result<(), FlyError> {
        let all = self.api().machines().await?;
        let left = all.iter().filter(|it| it.is_one_off() && self.made(it));
        for machine in left.filter(|it| it.power() != Power::Gone) {
            self.api().destroy_free(&machine.id).await?;
        }
        Ok(())
    }
}
