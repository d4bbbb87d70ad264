//! The performance verifier: is the new release slower than the old one, at any endpoint, on any machine?

mod absolute;
mod before;
mod config;
mod endpoint;
mod history;
mod judge;
mod punctual;
mod quantile;
mod reference;
mod replay;
mod report;
mod sample;
mod seen;
pub(crate) mod sender;
mod series;
mod strata;
mod stratum;
mod survey;
mod tape;
mod trial;
mod warm_up;

pub use config::{PerformanceConfig, PerformanceConfigError};
pub use endpoint::{Endpoint, Measure};
pub use history::{History, PastRun};
pub use replay::judge_again;
pub use sender::{Load, LoadReport};
pub use series::{Role, Sample, Series};

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::{Either, select};
use pipeline_core::{
    Clock, Context, Deployment, Evidence, Fault, Finding, Outcome, Report, Verifier,
};
use tokio::time::Instant;

use self::reference::{Fresh, Reference};
use self::sender::{Course, Plan, Routes, Sender};
use self::strata::Strata;
use self::trial::Trial;
use crate::place::{self, Place};
use crate::redact::Secrets;

/// What is measured is measured anew so often if this machine was too busy.
const TRIES: usize = 2;

/// Measures each endpoint, on each machine that has an address, and compares it with a control.
///
/// **Controls**, the first there is: a latency that the endpoint is configured to have; old instances that still serve
/// beside the new ones, asked in turns with them in the same seconds; the running release, measured by
/// [`baseline`](Verifier::baseline) just before the deploy; earlier healthy releases out of the [`History`]; the
/// running release, measured longer ago; nothing. Without any control only failures are refused, and the check says that there was
/// nothing to compare with. A configured latency goes first because somebody meant it; it is a limit of the median
/// alone. All others are compared by `pipeline-stats`, with its published error rates.
///
/// **Requests** leave at times that are planned in advance, whatever became of those before, and a latency counts from
/// the planned moment. The first ones to each machine are its warm-up: told apart, and judged only if there is a
/// limit for a cold start. If this machine itself is late, nothing is concluded.
///
/// **The report** has a [`Check`](pipeline_core::Check) for each endpoint at each machine, and the numbers
/// `latency/ENDPOINT/p50_ms` (`p90_ms` from 29 requests on, `p95_ms` from 59, `p99_ms` from 299),
/// `cold_start/ENDPOINT/first_ms`, `first_10_ms` and `requests` of the slowest machine, `performance/connect_ms` (the median, TLS
/// included), `performance/requests`, `performance/late_share` and `performance/took_ms`.
pub struct Performance {
    config: PerformanceConfig,
    clock: Arc<dyn Clock>,
    history: Option<Arc<dyn History>>,
    routes: Routes,
    secrets: Secrets,
}

impl Performance {
    /// A verifier of these endpoints. The clock only dates samples, and tells how old a baseline is.
    pub fn new(
        config: PerformanceConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PerformanceConfigError> {
        config.check()?;
        let secrets = Secrets::of(config.endpoints.iter().filter_map(Endpoint::secret));
        Ok(Self { config, clock, history: None, routes: Routes::default(), secrets })
    }

    /// Says where earlier runs are kept.
    #[must_use]
    pub fn history(mut self, history: Arc<dyn History>) -> Self {
        self.history = Some(history);
        self
    }

    /// Compares what runs with itself, both sides asked in turns: whatever is not a pass is a false alarm.
    pub async fn same(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        let places = strata::measured(deployment, self.config.per_machine);
        if places.is_empty() {
            return Ok(Report::inconclusive(nothing_to_ask(deployment)));
        }
        let mut config = self.config.clone();
        config.endpoints.iter_mut().for_each(|it| it.baseline = None);
        let strata = Strata::new(&config);
        let references = strata.references(None, &[], self.clock.now());
        let (streams, trial) = strata.trial(&places, &places, references)?;
        let (report, _) = self.try_once(streams, trial, cx).await?;
        Ok(report)
    }

    /// Judges a deployment. `before` is what [`baseline`](Verifier::baseline) made of the release before it.
    pub async fn compare(
        &self,
        deployment: &Deployment,
        before: Option<&Evidence>,
        cx: &Context,
    ) -> Outcome {
        let new = strata::measured(deployment, self.config.per_machine);
        if new.is_empty() && place::is_shut(deployment) {
            return Ok(place::not_asked_yet());
        }
        if new.is_empty() {
            return Ok(Report::inconclusive(nothing_to_ask(deployment)));
        }
        let old: Vec<Place> = strata::beside(deployment, self.config.per_machine);
        let references = self.references(before, cx).await?;
        let mut tries = 1;
        loop {
            let (streams, trial) = self.strata().trial(&new, &old, references.clone())?;
            let trial = if deployment.is_public() { trial } else { trial.without_pause() };
            let (report, trial) = self.try_once(streams, trial, cx).await?;
            if let Some(complaint) = trial.punctual.complaint().filter(|_| tries < TRIES) {
                cx.note(format_args!("{complaint}; once more"));
                tries += 1;
                continue;
            }
            if trial.punctual.complaint().is_none() {
                self.keep(&trial, cx).await;
            }
            return Ok(report);
        }
    }

    /// What earlier runs say; where that cannot be read, only who has nothing else needs it.
    async fn references(
        &self,
        before: Option<&Evidence>,
        cx: &Context,
    ) -> Result<Vec<Reference>, Fault> {
        let fresh = before.and_then(Fresh::read);
        let mut past = Vec::new();
        for endpoint in &self.config.endpoints {
            let read = match &self.history {
                Some(history) => history.healthy(&endpoint.title()).await,
                None => Ok(Vec::new()),
            };
            past.push(match read {
                Ok(runs) => runs,
                Err(fault) if fresh.is_some() => {
                    cx.note(format_args!("earlier runs cannot be read: {fault}"));
                    Vec::new()
                }
                Err(fault) => return Err(fault),
            });
        }
        Ok(self.strata().references(fresh.as_ref(), &past, self.clock.now()))
    }

    async fn try_once(
        &self,
        streams: Vec<Vec<crate::place::Request>>,
        trial: Trial,
        cx: &Context,
    ) -> Result<(Report, Trial), Fault> {
        let began = Instant::now();
        let sender = Sender::new(streams, &self.routes, self.config.timeout).await?;
        sender.open().await;
        let mut trial = trial.begun(self.clock.now());
        self.run(&sender, &mut trial, cx).await?;
        if let Some(error) = trial.blind.take() {
            return Err(error.into());
        }
        let mut checks = report::checks(&trial, self.config.cold_start);
        for check in &mut checks {
            check.message = self.secrets.strike(&check.message);
        }
        let report = Report::of_checks(checks);
        let report = report::with_numbers(report, &trial, &sender.connects());
        Ok((report.number("performance/took_ms", seen::ms(began.elapsed())), trial))
    }

    async fn run(
        &self,
        sender: &Sender,
        course: &mut dyn Course,
        cx: &Context,
    ) -> Result<(), Fault> {
        let plan = Plan::new(self.config.rate, self.config.most(), seed(cx));
        match select(pin!(sender.run(plan, course)), pin!(cx.cancelled())).await {
            Either::Left(_) => Ok(()),
            Either::Right(_) => Err(Fault::cancelled()),
        }
    }

    async fn keep(&self, trial: &Trial, cx: &Context) {
        let Some(history) = &self.history else { return };
        if let Err(fault) = history.keep(cx.run(), report::series(trial)).await {
            cx.note(format_args!("what was measured could not be kept: {fault}"));
        }
    }

    fn strata(&self) -> Strata<'_> {
        Strata::new(&self.config)
    }
}

#[async_trait]
impl Verifier for Performance {
    async fn baseline(
        &self,
        current: &Deployment,
        cx: &Context,
    ) -> Result<Option<Evidence>, Fault> {
        let places = strata::measured(current, self.config.per_machine);
        if places.is_empty() {
            return Ok(None);
        }
        self.before(current, &places, cx).await
    }

    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        self.compare(deployment, cx.baseline(), cx).await
    }
}

impl std::fmt::Debug for Performance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Performance").field("config", &self.config).finish_non_exhaustive()
    }
}

fn nothing_to_ask(deployment: &Deployment) -> Finding {
    let message = format!(
        "nothing of {} can be measured: users do not reach it, and no instance has an address",
        deployment.version
    );
    Finding::warning(message)
        .rule("inconclusive")
        .remedy("set the environment's `url`, or use a target that gives each instance an address")
}

/// Each run moves its requests differently, and the same way when it is resumed.
fn seed(cx: &Context) -> u64 {
    // FNV-1a.
    cx.run().as_str().bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
