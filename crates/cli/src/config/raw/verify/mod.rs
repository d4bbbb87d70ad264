//! `[verify]` as it is written.

mod journeys;
mod performance;
mod rules;
mod smoke;
mod watch;

pub(in crate::config) use journeys::{Capture, Journey, Step};
pub(in crate::config) use performance::{Endpoint, Performance};
pub(in crate::config) use rules::{Rules, Written};
pub(in crate::config) use smoke::{Echoes, Smoke, SmokeCheck};
pub(in crate::config) use watch::Watch;

use serde::Deserialize;

use super::Over;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Verify {
    pub(in crate::config) smoke: Smoke,
    pub(in crate::config) performance: Performance,
    pub(in crate::config) journeys: Option<Vec<Journey>>,
    pub(in crate::config) watch: Watch,
}

impl Over for Verify {
    fn over(self, base: &Self) -> Self {
        Self {
            smoke: self.smoke.over(&base.smoke),
            performance: self.performance.over(&base.performance),
            journeys: self.journeys.or_else(|| base.journeys.clone()),
            watch: self.watch.over(&base.watch),
        }
    }
}
