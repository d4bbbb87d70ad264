//! The journeys verifier: what users do, step by step, as a browser without scripts would do it.

mod body;
mod browser;
mod check;
mod compose;
mod config;
mod exchange;
mod hurl;
mod live;
mod page;
mod report;
mod route;
mod socket;
mod step;
mod template;
mod values;
mod variable;
mod walk;
mod wrong;

pub use body::{Body, Json};
pub use check::{BadStep, JourneyError};
pub use config::{Action, Capture, Journey, JourneyStep};
pub use hurl::{HurlError, read_hurl};
pub use template::{BadTemplate, Template};
pub use variable::Variable;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, join_all, select};
use pipeline_core::{Context, Deployment, Fault, Finding, Outcome, Report, Verifier};

use self::report::{Told, report};
use self::walk::Way;
use crate::client::{Client, Connect};
use crate::place::{self, Place, places};

/// How long after a failure a step, or a whole journey, is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Walks every journey the way users go, and those that say so on each instance that has an address. Where users
/// do not go yet, as before a switch, the first instance stands for their way.
///
/// A journey that fails is walked once more from its start; failing again it is refused, or an alert if it is
/// not required. One that lacks a secret is not walked, and that is an alert, too. All places are visited at
/// once, the journeys at each of them one after the other.
///
/// The report has a [`Check`](pipeline_core::Check) for each journey at each place, whose name is the journey's;
/// the numbers `journeys/steps` and `journeys/took_ms` of all, and `journeys/NAME/steps` and
/// `journeys/NAME/took_ms` of each (where it was walked at several places: the most). What went to and fro in a
/// step that failed is evidence, with secrets, cookies and captured tokens struck out.
pub struct Journeys {
    journeys: Vec<Journey>,
    asker: Arc<dyn Connect>,
}

impl Journeys {
    /// A verifier of these journeys.
    pub fn new(journeys: Vec<Journey>, client: Client) -> Result<Self, JourneyError> {
        Self::with(journeys, Arc::new(client))
    }

    /// The longest that it may take, however many places there are.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.journeys.iter().map(Journey::longest).sum()
    }

    fn with(journeys: Vec<Journey>, asker: Arc<dyn Connect>) -> Result<Self, JourneyError> {
        check::check(&journeys)?;
        Ok(Self { journeys, asker })
    }

    /// Which journeys are walked where, place by place.
    fn ways<'w>(&'w self, deployment: &'w Deployment, places: &'w [Place]) -> Vec<Vec<Way<'w>>> {
        let (public, asker) = (deployment.url.as_deref(), self.asker.as_ref());
        // Where users cannot go yet, one machine has to stand for their way.
        let first = places.first().and_then(|it| it.instance.as_deref());
        let at = |place: &'w Place| {
            let users = place.instance.as_deref() == first;
            let here = self.journeys.iter().filter(|it| users || it.per_instance);
            here.map(|journey| Way { journey, place, public, asker }).collect()
        };
        places.iter().map(at).collect()
    }
}

#[async_trait]
impl Verifier for Journeys {
    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        let places = places(deployment, true);
        let ways = self.ways(deployment, &places);
        if places.is_empty() && place::is_shut(deployment) {
            return Ok(place::not_asked_yet());
        }
        if ways.iter().all(Vec::is_empty) {
            return Ok(Report::inconclusive(nowhere(deployment)));
        }
        let walks = ways.iter().map(async |ways| {
            let mut told = Vec::new();
            for way in ways {
                let name = &way.journey.name;
                let walked = way.walk(&|words| cx.note(format_args!("{name}: {words}"))).await;
                told.push(Told { journey: way.journey, place: way.place, walked });
            }
            told
        });
        match select(pin!(join_all(walks)), pin!(cx.cancelled())).await {
            Either::Left((told, _)) => report(told.into_iter().flatten().collect()),
            Either::Right(_) => Err(Fault::cancelled()),
        }
    }
}

impl std::fmt::Debug for Journeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journeys").field("journeys", &self.journeys).finish_non_exhaustive()
    }
}

fn nowhere(deployment: &Deployment) -> Finding {
    let message = format!(
        "no journey of {} can be walked: users do not reach it, and no instance has an address",
        deployment.version
    );
    Finding::warning(message)
        .rule(pipeline_core::Trigger::Inconclusive.as_str())
        .remedy("set the environment's `url`, or use a target that gives each instance an address")
}

#[cfg(test)]
mod tests;
