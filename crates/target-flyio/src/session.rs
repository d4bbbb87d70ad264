//! One call of the deployer: the app, the run, and whether it listens to being stopped.

use std::collections::BTreeSet;
use std::time::Duration;

use pipeline_core::Context;
use tokio::time::{Instant, sleep, timeout};

use crate::api::{Api, Machine, Power};
use crate::boots::Boots;
use crate::config::FlyConfig;
use crate::error::{FlyError, LogTail};
use crate::leases::Leases;
use crate::plan::StageData;
use crate::record::World;
use crate::steady::Steady;
use crate::target::FlyTarget;
use crate::traffic::Traffic;

/// Does the work stop when the run is asked to?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heed {
    /// Between machines.
    BetweenMachines,
    /// Never: it is the way back, or the last step.
    Never,
}

/// How long they are waited for: what comes next, most often the way back, is more urgent.
const LOGS: Duration = Duration::from_secs(2);
/// How many lines of a machine's log are shown beside its failure.
const TAIL: usize = 20;

/// One call.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    target: &'a FlyTarget,
    cx: &'a Context,
    heed: Heed,
    /// Machines that are none of this run's business.
    left_alone: BTreeSet<String>,
    /// Machines that the run found when it looked at the app.
    known: BTreeSet<String>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(target: &'a FlyTarget, cx: &'a Context, heed: Heed) -> Self {
        Self { target, cx, heed, left_alone: BTreeSet::new(), known: BTreeSet::new() }
    }

    /// The same, blind to the machines that were set aside when the run looked at the app.
    pub(crate) fn leaving(mut self, world: &World) -> Self {
        self.left_alone.extend(world.ignored.iter().map(|it| it.id.clone()));
        self.known.extend(world.machines.iter().map(|it| it.id.clone()));
        self
    }

    pub(crate) fn cx(&self) -> &Context {
        self.cx
    }

    pub(crate) fn api(&self) -> &Api {
        &self.target.api
    }

    pub(crate) fn steady(&self) -> &Steady {
        &self.target.steady
    }

    pub(crate) fn boots(&self) -> &Boots {
        &self.target.boots
    }

    /// The machines, if none of them has died since it was well. On the way back that is no news, and
    /// changes nothing.
    pub(crate) async fn steadied(&self, machines: Vec<Machine>) -> Result<Vec<Machine>, FlyError> {
        match self.target.steady.check(&machines) {
            Err(error) if self.heed == Heed::BetweenMachines => Err(self.explained(error).await),
            _ => Ok(machines),
        }
    }

    pub(crate) fn leases(&self) -> &Leases {
        &self.target.leases
    }

    pub(crate) fn config(&self) -> &FlyConfig {
        &self.target.config
    }

    pub(crate) fn traffic(&self) -> Traffic<'_> {
        Traffic { http: &self.target.http, config: &self.target.config }
    }

    /// All machines that are ours to touch and not gone.
    pub(crate) async fn machines(&self) -> Result<Vec<Machine>, FlyError> {
        let mut machines = self.listed().await?;
        // A list may leave out what is there; what we lease, we know of, and make no second time.
        for id in self.leases().held() {
            if machines.iter().all(|it| it.id != id) {
                machines.extend(self.api().machine(&id).await?.filter(|it| self.is_ours(it)));
            }
        }
        Ok(machines)
    }

    /// These machines, once those among them that the run did not find at its beginning can be read. One
    /// that cannot may be the very one that is looked for, or one too many: it is waited for.
    pub(crate) async fn revealed(
        &self,
        mut machines: Vec<Machine>,
    ) -> Result<Vec<Machine>, FlyError> {
        let began = Instant::now();
        loop {
            let Some(hidden) = machines.iter().find(|it| self.is_hidden(it)) else {
                return Ok(machines);
            };
            if began.elapsed() >= self.config().endurance() {
                return Err(FlyError::Unreadable { machine: hidden.id.clone() });
            }
            sleep(self.config().poll).await;
            machines = self.machines().await?;
        }
    }

    /// Was it made since, by whomever, and does not show by whom?
    pub(crate) fn is_hidden(&self, machine: &Machine) -> bool {
        !machine.is_readable() && !self.known.contains(&machine.id)
    }

    /// The same, as far as a list shows them.
    pub(crate) async fn listed(&self) -> Result<Vec<Machine>, FlyError> {
        let mut machines = self.api().machines().await?;
        machines.retain(|it| self.is_ours(it));
        Ok(machines)
    }

    fn is_ours(&self, machine: &Machine) -> bool {
        let alone = self.left_alone.contains(&machine.id);
        machine.power() != Power::Gone && machine.foreign().is_none() && !alone
    }

    /// Leases every machine there is, then reads them: from here on nobody else changes them.
    pub(crate) async fn seize(&self) -> Result<Vec<Machine>, FlyError> {
        let ids: Vec<String> = self.machines().await?.into_iter().map(|it| it.id).collect();
        self.leases().take(&ids, self.cx).await?;
        self.machines().await
    }

    /// The same, after giving back what is held; with what could not be leased, and why.
    pub(crate) async fn seize_anew(&self) -> Result<(Vec<Machine>, Vec<FlyError>), FlyError> {
        let ids: Vec<String> = self.machines().await?.into_iter().map(|it| it.id).collect();
        let refused = self.leases().renew_each(&ids, self.cx).await;
        Ok((self.machines().await?, refused))
    }

    /// Is there nothing to fall back on, because this is the way back or the last step?
    pub(crate) fn is_last_resort(&self) -> bool {
        self.heed == Heed::Never
    }

    /// Was this machine created or changed by this run?
    pub(crate) fn made(&self, machine: &Machine) -> bool {
        let run = self.cx.run().as_str();
        let launched = machine.launch().and_then(|it| it.strip_prefix(run));
        machine.run() == Some(run) || launched.is_some_and(|it| it.starts_with('.'))
    }

    /// The stage, its machines under the release that Fly.io knows.
    pub(crate) async fn recorded(&self, stage: &StageData, machines: &[Machine]) -> StageData {
        self.target.recorded(stage, machines, self.cx).await
    }

    /// Finds out which release is taken back.
    pub(crate) async fn learn(&self, machines: &[Machine]) {
        self.target.learn(machines, self.cx).await;
    }

    /// Is there time left for this run? The way back and the last step have their own.
    pub(crate) fn check_deadline(&self) -> Result<(), FlyError> {
        let after = self.config().deadline;
        let over = self.target.began().is_some_and(|began| began.elapsed() > after);
        if over && self.heed == Heed::BetweenMachines {
            return Err(FlyError::Overdue { app: self.api().app().to_owned(), after });
        }
        Ok(())
    }

    /// The last lines that a machine has said; none where the platform does not tell.
    pub(crate) async fn log_tail(&self, machine: &str) -> Option<LogTail> {
        let lines = timeout(LOGS, self.target.platform.logs(machine)).await;
        let lines = lines.unwrap_or_else(|_| Ok(Vec::new())).unwrap_or_default();
        let newest = lines.len().saturating_sub(TAIL);
        LogTail::of(lines[newest..].iter().map(|it| it.message.as_str()))
    }

    /// The error, with what its machine has said.
    pub(crate) async fn explained(&self, error: FlyError) -> FlyError {
        match error {
            FlyError::Crashed { machine, how, log: None } => {
                let log = self.log_tail(&machine).await;
                FlyError::Crashed { machine, how, log }
            }
            FlyError::NotInTime { machine, wanted, after, seen, log: None } => {
                let log = self.log_tail(&machine).await;
                FlyError::NotInTime { machine, wanted, after, seen, log }
            }
            other => other,
        }
    }

    pub(crate) fn check_cancelled(&self) -> Result<(), FlyError> {
        let asked = self.heed == Heed::BetweenMachines && self.cx.is_cancelled();
        if asked { Err(FlyError::Cancelled) } else { Ok(()) }
    }
}

/// The ids of machines.
pub(crate) fn ids<'m>(machines: impl IntoIterator<Item = &'m Machine>) -> BTreeSet<String> {
    machines.into_iter().map(|it| it.id.clone()).collect()
}

/// How many machines of `count` may be out at a time: a share is rounded up, a number is taken as it is
/// (flyctl: `max_unavailable`).
pub(crate) fn width(count: usize, max_unavailable: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "machine counts are small, and the result is clamped"
    )]
    let width = if max_unavailable < 1.0 {
        (count as f64 * max_unavailable).ceil() as usize
    } else {
        max_unavailable as usize
    };
    width.clamp(1, count.max(1))
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Phase, Release, Run, RunId};
    use tokio::time::Instant;

    use super::*;
    use crate::fly_toml::FlyToml;

    #[tokio::test(start_paused = true)]
    async fn the_way_back_does_not_wait_for_a_log_that_does_not_come() {
        // Connections are taken, and nothing is ever answered.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config = FlyConfig::new("shop", "http://x", "t".to_owned(), FlyToml::default());
        config.uiex_base = format!("http://{}", silent.local_addr().unwrap());
        let target = FlyTarget::new(config);
        let run = Run::new(RunId::new("run-1"), Release::new("v2"), ".");
        let (cx, began) = (run.context(Phase::Deploy, "fly"), Instant::now());
        let log = Session::new(&target, &cx, Heed::Never).log_tail("m1").await;
        assert_eq!((log, began.elapsed()), (None, LOGS));
    }

    #[test]
    fn shares_are_rounded_up_and_numbers_are_taken() {
        let table = [
            (0, 0.33, 1),
            (1, 0.33, 1),
            (2, 0.33, 1),
            (3, 0.33, 1),
            (4, 0.33, 2),
            (10, 0.33, 4),
            (10, 1.0, 1),
            (10, 3.0, 3),
            (2, 5.0, 2),
            (4, 0.0, 1),
        ];
        for (count, max, wanted) in table {
            assert_eq!(width(count, max), wanted, "{max} of {count}");
        }
    }
}
