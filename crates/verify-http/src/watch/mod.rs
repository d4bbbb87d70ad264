//! The watch: probes on a schedule after the switch, until the window is over or something is certain.

mod config;
mod errors;
mod report;
mod schedule;
mod seen;
mod strand;
mod tally;

pub use config::{WatchConfig, WatchError, WatchLimits};

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::{Either, select};
use futures::stream::FuturesUnordered;
use pipeline_core::{Context, Deployment, Fault, Outcome, Phase, Side, Verifier};
use reqwest::Method;
use tokio::time::{Instant, sleep_until, timeout};

use self::report::not_watched;
use self::schedule::{CLOSE, Schedule};
use self::seen::{Probed, Seen};
use self::tally::{Tally, Watched};
use crate::client::{Ask, Client, Unanswered};
use crate::config::Bearer;
use crate::error::Error;
use crate::place::{Request, places};
use crate::redact::Secrets;

/// Asks the health endpoint on a schedule, of what users reach and of each instance that has an address.
///
/// The schedule is open: a slow answer delays no other probe. It ends at once when something is certain: the health
/// endpoint was down for too long, too many requests failed, or the database was said to be down twice in a row.
/// What is wholly new and public is watched for the whole window; while old instances still serve, and after a
/// restore, for its first 10 s; what is not public is not watched, and the report says so.
///
/// The report has a [`Check`](pipeline_core::Check) for each path at each place and one called `error rate`, and
/// the numbers `watch/requests`, `watch/lost` (those that failed), `watch/error_rate` (from 0 to 1) and
/// `watch/longest_gap_ms`: the longest time without a good answer while some failed, at one path of one place.
pub struct Watch {
    config: WatchConfig,
    asker: Arc<dyn Ask>,
    secrets: Secrets,
}

/// How much of a deployment is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// All of the window.
    Window,
    /// The first 10 s, for this reason.
    Close(&'static str),
    /// Nothing: users do not reach it.
    Nothing,
}

impl Watch {
    /// A watch of this.
    pub fn new(config: WatchConfig, client: Client) -> Result<Self, WatchError> {
        Self::with(config, Arc::new(client))
    }

    fn with(config: WatchConfig, asker: Arc<dyn Ask>) -> Result<Self, WatchError> {
        config.check()?;
        let secrets = Secrets::of(config.bearer.as_ref().and_then(Bearer::secret));
        Ok(Self { config, asker, secrets })
    }

    /// Everything to ask, each time.
    fn requests(&self, deployment: &Deployment) -> Result<Vec<(Watched, Request)>, Error> {
        let mut requests = Vec::new();
        for place in places(deployment, self.config.per_instance) {
            for path in self.config.paths() {
                let endpoint = format!("GET {path}");
                let bearer = self.config.bearer.as_ref().map(|it| {
                    let (name, endpoint) = (it.name().to_owned(), endpoint.clone());
                    it.secret().ok_or(Error::MissingSecret { name, endpoint })
                });
                let request = place.request(Method::GET, path, bearer.transpose()?)?;
                let (instance, health) = (place.instance.clone(), path == self.config.path);
                requests.push((Watched { endpoint, instance, health }, request));
            }
        }
        Ok(requests)
    }

    /// Watches until the window is over or something is certain.
    async fn watch(
        &self,
        requests: &[(Watched, Request)],
        window: Duration,
        cx: &Context,
    ) -> Tally {
        let watched = requests.iter().map(|it| it.0.clone()).collect();
        let mut tally = Tally::new(watched, self.config.limits.clone(), window);
        let schedule = Schedule::new(window, self.config.every);
        let total = schedule.planned().saturating_mul(requests.len()) as u64;
        let mut schedule = schedule.enumerate().peekable();
        let (began, mut asking) = (Instant::now(), FuturesUnordered::new());
        loop {
            let next = schedule.peek().copied();
            match until(&mut asking, next.map(|it| began + it.1)).await {
                Some(Next::Answered((strand, probed))) => {
                    self.tell(&requests[strand].0, &probed, cx);
                    tally.take(strand, probed);
                    cx.progress(tally.answered(), Some(total));
                    if tally.is_certain() {
                        return tally;
                    }
                }
                Some(Next::Due) => {
                    let Some(planned) = schedule.next() else { continue };
                    let probes = requests.iter().enumerate().map(|(strand, it)| async move {
                        let seen = self.probe(it).await;
                        let ((number, planned), over) = (planned, began.elapsed());
                        (strand, Probed { number, planned, over, seen })
                    });
                    asking.extend(probes);
                }
                None => return tally,
            }
        }
    }

    async fn probe(&self, (watched, request): &(Watched, Request)) -> Seen {
        let limit = self.config.timeout;
        let asked = timeout(limit, self.asker.ask(request)).await.unwrap_or_else(|_| {
            Err(Unanswered::Silent(format!("did not answer within {limit:?}")))
        });
        if watched.health { Seen::of_health(asked) } else { Seen::of_page(asked) }
    }

    fn tell(&self, watched: &Watched, probed: &Probed, cx: &Context) {
        if let Some(words) = probed.seen.complaint() {
            cx.note(self.secrets.strike(&watched.tells(&words)));
        }
    }
}

enum Next {
    Due,
    /// By this strand.
    Answered((usize, Probed)),
}

/// What comes first: an answer, or the time to ask again; `None` when neither will.
async fn until<F: Future<Output = (usize, Probed)>>(
    asking: &mut FuturesUnordered<F>,
    due: Option<Instant>,
) -> Option<Next> {
    let Some(due) = due else { return asking.next().await.map(Next::Answered) };
    if asking.is_empty() {
        sleep_until(due).await;
        return Some(Next::Due);
    }
    match select(pin!(sleep_until(due)), asking.next()).await {
        Either::Left(_) => Some(Next::Due),
        Either::Right((answered, _)) => answered.map(Next::Answered),
    }
}

fn extent(deployment: &Deployment, phase: Phase) -> Extent {
    let unlisted = deployment.instances.is_empty() && deployment.url.is_some();
    let old = deployment.instances.iter().any(|it| it.side == Side::Old && it.serving);
    let new = deployment.instances.iter().any(|it| it.side == Side::New);
    match phase {
        _ if !unlisted && !deployment.is_public() => Extent::Nothing,
        Phase::Restore => Extent::Close("it was restored"),
        _ if old && new => Extent::Close("old machines still serve"),
        _ => Extent::Window,
    }
}

#[async_trait]
impl Verifier for Watch {
    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        let (window, why) = match extent(deployment, cx.phase()) {
            Extent::Window => (self.config.window, None),
            Extent::Close(why) => (self.config.window.min(CLOSE), Some(why)),
            Extent::Nothing => {
                cx.note("nothing was watched: users do not reach it yet");
                return Ok(not_watched(&self.config));
            }
        };
        let requests = self.requests(deployment)?;
        if requests.is_empty() {
            return Ok(report::nothing_to_ask(deployment));
        }
        match select(pin!(self.watch(&requests, window, cx)), pin!(cx.cancelled())).await {
            Either::Left((tally, _)) => self.report(&tally, why),
            Either::Right(_) => Err(Fault::cancelled()),
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
