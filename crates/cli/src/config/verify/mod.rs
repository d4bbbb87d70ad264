//! How an environment is verified.

mod journeys;
mod performance;
mod smoke;
mod watch;

pub(crate) use journeys::Journey;
pub(crate) use performance::{Endpoint, Performance};
pub(crate) use smoke::{Smoke, SmokeCheck};
pub(crate) use watch::Watch;

use secrecy::SecretString;

/// All verifiers of an environment.
#[derive(Clone, Debug)]
pub(crate) struct Verify {
    pub(crate) smoke: Smoke,
    pub(crate) performance: Performance,
    pub(crate) journeys: Vec<Journey>,
    pub(crate) watch: Watch,
}

impl Verify {
    /// All secrets that they send.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let journeys = self.journeys.iter().flat_map(Journey::secrets);
        self.smoke
            .secrets()
            .chain(self.performance.secrets())
            .chain(journeys)
            .chain(self.watch.secrets())
    }

    /// Does anything look at all?
    pub(crate) fn looks(&self) -> bool {
        !self.smoke.checks.is_empty()
            || self.performance.looks()
            || !self.journeys.is_empty()
            || self.watch.looks()
    }
}
