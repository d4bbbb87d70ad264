//! The smoke verifier: a few requests that must be answered well, everywhere, within one window.

mod beside;
mod probe;
mod window;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use pipeline_core::{
    Check, Context, Deployment, Evidence, Fault, Finding, Outcome, Report, Verdict, Verifier,
};
use serde_json::json;
use tokio::time::Instant;

use self::probe::{Probe, Probed};
use self::window::Window;
use crate::client::{Ask, Client};
use crate::config::{Bearer, ConfigError, SmokeConfig};
use crate::error::Error;
use crate::place::places;
use crate::redact::Secrets;
use crate::response::snippet;
use crate::tally::End;

/// Asks every check of what users reach, and of each instance that has an address.
///
/// A check passes after enough good answers in a row; until then it is asked again, at a fixed pace, until the
/// window is over. Then the last answer counts. Nothing is asked again that has passed.
///
/// The report has a [`Check`] for each check at each place, whose name is unique together with its instance,
/// and the numbers `smoke/tries`, `smoke/took_ms` and `smoke/latency_ms` (the median of all good answers).
pub struct Smoke {
    config: SmokeConfig,
    asker: Arc<dyn Ask>,
    secrets: Secrets,
}

impl Smoke {
    /// A verifier of these checks.
    pub fn new(config: SmokeConfig, client: Client) -> Result<Self, ConfigError> {
        Self::with(config, Arc::new(client))
    }

    fn with(config: SmokeConfig, asker: Arc<dyn Ask>) -> Result<Self, ConfigError> {
        config.check()?;
        let bearers = config.checks.iter().filter_map(|check| check.bearer.as_ref());
        let secrets = Secrets::of(bearers.filter_map(Bearer::secret));
        Ok(Self { config, asker, secrets })
    }

    fn probes(&self, deployment: &Deployment) -> Result<Vec<Probe<'_>>, Error> {
        let mut probes = Vec::new();
        for place in places(deployment, self.config.per_instance) {
            for check in &self.config.checks {
                probes.push(Probe::new(&place, check)?);
            }
        }
        Ok(probes)
    }

    fn report(&self, probed: Vec<Probed<'_>>, took: Duration) -> Outcome {
        let tries: u32 = probed.iter().map(|it| it.tries).sum();
        let mut latencies: Vec<_> = probed.iter().flat_map(|it| it.latencies.clone()).collect();
        latencies.sort();
        let evidence: Vec<_> = probed.iter().filter_map(|it| self.evidence(it)).collect();
        let mut report = Report::of_checks(self.checks(probed)?)
            .number("smoke/tries", f64::from(tries))
            .number("smoke/took_ms", millis(took));
        if let Some(median) = latencies.get(latencies.len() / 2) {
            report = report.number("smoke/latency_ms", millis(*median));
        }
        Ok(evidence.into_iter().fold(report, Report::evidence))
    }

    fn checks(&self, probed: Vec<Probed<'_>>) -> Result<Vec<Check>, Error> {
        let (mut checks, mut blind) = (Vec::new(), None);
        for Probed { probe, tries, end, .. } in probed {
            let (verdict, message) = match end {
                End::Judged(judged, _) => (judged.verdict, judged.message),
                End::Blind(error) => {
                    let message = format!("could not be asked: {error}");
                    blind.get_or_insert(error);
                    (Verdict::Inconclusive, message)
                }
            };
            checks.push(probe.answer(verdict, &self.secrets.strike(&message), tries));
        }
        // A refusal that was seen is proof; without one, not having looked everywhere is no verdict.
        let refused = checks.iter().any(|check| check.verdict == Verdict::Refused);
        blind.filter(|_| !refused).map_or(Ok(checks), Err)
    }

    /// The answer that a probe was refused for.
    fn evidence(&self, probed: &Probed<'_>) -> Option<Evidence> {
        let End::Judged(_, Some(response)) = &probed.end else { return None };
        // Struck out before it is cut: half a secret is one too.
        let body = snippet(&self.secrets.strike(&response.text()));
        let (status, cut, took_ms) = (response.status, response.cut, millis(response.took));
        let value = json!({ "status": status, "body": body, "cut": cut, "took_ms": took_ms });
        Some(Evidence::new(probed.probe.title(), value))
    }
}

#[async_trait]
impl Verifier for Smoke {
    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        let probes = self.probes(deployment)?;
        if probes.is_empty() {
            return Ok(Report::inconclusive(nothing_to_ask(deployment)));
        }
        let began = Instant::now();
        let window = Window::new(&self.config, self.asker.as_ref());
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
        .remedy("set the environment's `url`, or use a target that gives each instance an address")
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests;
