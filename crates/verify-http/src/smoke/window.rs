//! The window in which all probes are asked: together, at a fixed pace, not too many at once.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use pipeline_core::{Context, Phase};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::follow::follow;
use super::probe::{Probe, Probed};
use super::tally::{End, Tally};
use crate::client::{Ask, Unanswered};
use crate::config::SmokeConfig;

/// It opens when it is made.
pub(super) struct Window<'w> {
    config: &'w SmokeConfig,
    asker: &'w dyn Ask,
    deadline: Instant,
    /// So many bad answers in a row need no end of the window. What was taken back has all of it: there is nothing behind it
    /// that could be brought back instead.
    enough_bad: Option<NonZeroU32>,
    /// Held while a request is under way, not while waiting for the next: who waits keeps nobody back.
    turns: Semaphore,
}

/// Tells people what is wrong for now.
type Tell<'t> = dyn Fn(String) + Send + Sync + 't;

impl<'w> Window<'w> {
    pub(super) fn new(config: &'w SmokeConfig, asker: &'w dyn Ask, phase: Phase) -> Self {
        let (deadline, turns) =
            (Instant::now() + config.within, Semaphore::new(config.at_once.get()));
        let enough_bad = config.consecutive_bad.filter(|_| phase != Phase::Restore);
        Self { config, asker, deadline, enough_bad, turns }
    }

    /// Asks all probes; they come back in their order.
    pub(super) async fn ask_all<'c>(
        &self,
        probes: Vec<Probe<'c>>,
        cx: &Context,
        tell: &Tell<'_>,
    ) -> Vec<Probed<'c>> {
        let (done, total) = (AtomicU64::new(0), probes.len() as u64);
        let asked = probes.into_iter().map(async |probe| {
            let probed = self.ask_until_decided(probe, tell).await;
            cx.progress(done.fetch_add(1, Ordering::Relaxed) + 1, Some(total));
            probed
        });
        join_all(asked).await
    }

    pub(super) fn attempt_timeout(&self) -> Duration {
        self.config.attempt_timeout
    }

    /// What one answer amounts to.
    pub(super) async fn asked_once(&self, probe: Probe<'_>) -> End {
        let mut tally = Tally::new(NonZeroU32::MIN, None);
        let redirects = probe.standard.check.redirects;
        let asked = follow(self.asker, &probe.request, redirects).await;
        tally.take(&probe.standard, asked);
        tally.end(self.config.within)
    }

    /// Asks one probe until it is decided or the window is over.
    async fn ask_until_decided<'c>(&self, probe: Probe<'c>, tell: &Tell<'_>) -> Probed<'c> {
        let mut tally = Tally::new(self.config.consecutive, self.enough_bad);
        let mut complained = None;
        while let Ok(turn) = timeout_at(self.deadline, self.turns.acquire()).await {
            self.ask_once(&probe, &mut tally).await;
            drop(turn);
            let complaint = tally.complaint();
            if let Some(words) = complaint.as_ref().filter(|_| complaint != complained) {
                tell(probe.tells(words));
            }
            complained = complaint;
            if tally.is_decided() || Instant::now() + self.config.retry_every >= self.deadline {
                break;
            }
            sleep(self.config.retry_every).await;
        }
        let (tries, latencies) = (tally.tries, std::mem::take(&mut tally.latencies));
        Probed { probe, tries, latencies, end: tally.end(self.config.within) }
    }

    async fn ask_once(&self, probe: &Probe<'_>, tally: &mut Tally) {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let limit = self.config.attempt_timeout.min(left);
        let cut_off = limit < self.config.attempt_timeout;
        let redirects = probe.standard.check.redirects;
        let asked = match timeout(limit, follow(self.asker, &probe.request, redirects)).await {
            Ok(asked) => asked,
            // Cut off by the end of the window: what was answered before says more.
            Err(_) if cut_off && !tally.is_empty() => return,
            Err(_) => {
                let limit = if cut_off { self.config.within } else { limit };
                Err(Unanswered::Silent(format!("did not answer within {limit:?}")))
            }
        };
        tally.take(&probe.standard, asked);
    }
}
