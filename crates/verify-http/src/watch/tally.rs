//! All that a watch has seen so far, and whether something is certain. Pure: time comes in with the probes.

use std::time::Duration;

use pipeline_core::{Trigger, Verdict};

use super::config::WatchLimits;
use super::errors::Errors;
use super::seen::Probed;
use super::strand::{Proof, Strand};

/// What is asked: one path at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    /// Such as `GET /health`.
    pub(super) endpoint: String,
    /// `None` where users' requests go.
    pub(super) instance: Option<String>,
    /// Is it the health endpoint?
    pub(super) health: bool,
}

/// All that was seen so far.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) watched: Vec<Watched>,
    pub(super) strands: Vec<Strand>,
    pub(super) errors: Errors,
    pub(super) limits: WatchLimits,
    /// For how long it was to be watched.
    pub(super) window: Duration,
    /// What ended it, and of which strand; of none where it is the rate of errors.
    pub(super) proof: Option<(Option<usize>, Proof)>,
}

impl Tally {
    pub(super) fn new(watched: Vec<Watched>, limits: WatchLimits, window: Duration) -> Self {
        let strands = watched.iter().map(|it| Strand::new(it.health)).collect();
        Self { watched, strands, errors: Errors::default(), limits, window, proof: None }
    }

    /// Takes one more answer. The first proof stands.
    pub(super) fn take(&mut self, strand: usize, probed: Probed) {
        let (planned, failed) = (probed.planned, probed.seen.failed());
        let limits = &self.limits;
        let proof = self.strands[strand].take(probed, limits).map(|it| (Some(strand), it));
        let too_many = failed.and_then(|it| self.errors.take(planned, it, limits));
        let too_many = too_many.map(|words| {
            let (verdict, trigger) = (Verdict::Refused, Trigger::ErrorRate);
            (None, Proof { verdict, trigger, words })
        });
        self.proof = self.proof.take().or(proof).or(too_many);
    }

    /// Is there nothing left to wait for?
    pub(super) fn is_certain(&self) -> bool {
        self.proof.is_some()
    }

    /// How many probes are over.
    pub(super) fn answered(&self) -> u64 {
        let blind: usize = self.strands.iter().map(|it| it.blind().len()).sum();
        (self.errors.requests + blind) as u64
    }

    /// The longest time without a good answer, at one path of one place.
    pub(super) fn longest_gap(&self) -> Duration {
        self.strands.iter().map(Strand::longest_gap).max().unwrap_or_default()
    }
}

impl Watched {
    /// What it answered, for a note.
    pub(super) fn tells(&self, words: &str) -> String {
        match &self.instance {
            Some(instance) => format!("{} {words} (machine {instance})", self.endpoint),
            None => format!("{} {words}", self.endpoint),
        }
    }
}
