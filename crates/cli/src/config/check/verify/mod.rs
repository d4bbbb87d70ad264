//! `[verify]`: what its parts mean.

mod journeys;
mod performance;
mod rules;
mod smoke;
mod steps;
mod watch;

use super::{Check, Checked};
use crate::config::{Verify, raw};

impl Check<'_> {
    pub(super) fn verify(&self, raw: raw::Verify) -> Checked<Verify> {
        let journeys = raw.journeys.unwrap_or_default().into_iter();
        Ok(Verify {
            smoke: self.smoke(raw.smoke)?,
            performance: self.performance(raw.performance)?,
            journeys: journeys.map(|it| self.journey(it)).collect::<Checked<_>>()?,
            watch: self.watch(raw.watch)?,
        })
    }
}
