//! The smoke verifier: a few requests that must be answered well, everywhere, within one window.

mod beside;
mod follow;
mod judge;
mod probe;
mod report;
mod tally;
mod window;

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::{Either, select};
use pipeline_core::{
    Clock, Context, Deployment, Fault, Finding, Outcome, Report, Trigger, Verifier,
};
use tokio::time::Instant;

use self::judge::{Standard, wanted};
use self::probe::Probe;
use self::window::Window;
use crate::client::{Ask, Client};
use crate::config::{Bearer, ConfigError, SmokeConfig};
use crate::error::Error;
use crate::place::{self, places};
use crate::redact::Secrets;

/// Asks every check of what users reach, and of each instance that has an address.
///
/// A check passes after enough good answers in a row; until then it is asked again, at a fixed pace, until the
/// window is over, or until there were [enough bad ones](SmokeConfig::consecutive_bad) in a row. Then the last answer counts.
/// Nothing is asked again that has passed.
///
/// The report has a [`Check`](pipeline_core::Check) for each check at each place, whose name is unique together with its instance,
/// and the numbers `smoke/tries`, `smoke/took_ms` and `smoke/latency_ms` (the median of all good answers).
pub struct Smoke {
    config: SmokeConfig,
    asker: Arc<dyn Ask>,
    clock: Option<Arc<dyn Clock>>,
    secrets: Secrets,
}

impl Smoke {
    /// A verifier of these checks, none of which asks how long a certificate is good for: that needs a
    /// [clock](Self::with_clock).
    pub fn new(config: SmokeConfig, client: Client) -> Result<Self, ConfigError> {
        let timed = config.checks.iter().find(|it| it.tls_expires_after.is_some());
        match timed {
            Some(check) => Err(ConfigError::NoClock(check.path.clone())),
            None => Self::with(config, Arc::new(client)),
        }
    }

    /// A verifier of these checks that knows what time it is.
    pub fn with_clock(
        config: SmokeConfig,
        client: Client,
        clock: impl Clock + 'static,
    ) -> Result<Self, ConfigError> {
        Ok(Self { clock: Some(Arc::new(clock)), ..Self::with(config, Arc::new(client))? })
    }

    fn with(config: SmokeConfig, asker: Arc<dyn Ask>) -> Result<Self, ConfigError> {
        config.check()?;
        let bearers = config.checks.iter().filter_map(|check| check.bearer.as_ref());
        let secrets = Secrets::of(bearers.filter_map(Bearer::secret));
        Ok(Self { config, asker, clock: None, secrets })
    }

    fn probes(&self, deployment: &Deployment, cx: &Context) -> Result<Vec<Probe<'_>>, Error> {
        let now = self.clock.as_ref().map(|it| it.now());
        let mut probes = Vec::new();
        for place in places(deployment, self.config.per_instance) {
            for check in &self.config.checks {
                let build = check.echo.as_ref();
                let build =
                    build.map(|it| wanted(it.what, place.instance.is_some(), deployment, cx));
                let (instance, secrets) = (place.instance.clone(), &self.secrets);
                let standard = Standard { check, instance, build, now, secrets };
                probes.push(Probe::new(&place, standard)?);
            }
        }
        Ok(probes)
    }
}

#[async_trait]
impl Verifier for Smoke {
    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        let probes = self.probes(deployment, cx)?;
        if probes.is_empty() && place::is_shut(deployment) {
            return Ok(place::not_asked_yet());
        }
        if probes.is_empty() {
            return Ok(Report::inconclusive(nothing_to_ask(deployment)));
        }
        let began = Instant::now();
        let window = Window::new(&self.config, self.asker.as_ref(), cx.phase());
        let tell = |words: String| cx.note(self.secrets.strike(&words));
        let asked = window.ask_all(probes, cx, &tell);
        match select(pin!(asked), pin!(cx.cancelled())).await {
            Either::Left((mut probed, _)) => {
                let took = began.elapsed();
                if let Some(old) = beside::control(deployment) {
                    window.compare(&mut probed, &old).await;
                }
                self.report(probed, took)
            }
            Either::Right(_) => Err(Fault::cancelled()),
        }
    }
}

impl std::fmt::Debug for Smoke {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smoke").field("config", &self.config).finish_non_exhaustive()
    }
}

fn nothing_to_ask(deployment: &Deployment) -> Finding {
    let message = format!(
        "nothing of {} can be asked: users do not reach it, and no instance has an address",
        deployment.version
    );
    Finding::warning(message)
        .rule(Trigger::Inconclusive.as_str())
        .remedy("set the environment's `url`, or use a target that gives each instance an address")
}

#[cfg(test)]
mod tests;
