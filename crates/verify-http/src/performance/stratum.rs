//! One stratum: an endpoint at one machine, how far it is, and what it comes to.

use std::time::Duration;

use super::endpoint::Endpoint;
use super::reference::Reference;
use super::seen::{Judged, Seen, weighed};
use super::tape::Tape;

/// An endpoint at one machine, or where users reach it.
pub(super) struct Stratum {
    pub(super) instance: Option<String>,
    pub(super) tape: Tape,
    pub(super) reference: Reference,
    pub(super) stage: Stage,
    /// From when on requests are a fresh batch, in microseconds since 1970-01-01 UTC.
    pub(super) fresh_from: Option<u64>,
}

/// The old release at an endpoint, asked at the same time.
pub(super) struct Beside {
    pub(super) tape: Tape,
    /// The one instance that is asked, if it is one.
    pub(super) instance: Option<String>,
}

/// How far a stratum is.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    Measuring { look: usize },
    Resting { first: Seen, until: Duration },
    Confirming { first: Seen },
    Decided(Judged),
}

impl Stratum {
    pub(super) fn new(instance: Option<String>, tape: Tape, reference: Reference) -> Self {
        let stage = Stage::Measuring { look: 0 };
        Self { instance, tape, reference, stage, fresh_from: None }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.tape.endpoint
    }

    pub(super) fn judged(&self) -> Option<&Judged> {
        match &self.stage {
            Stage::Decided(judged) => Some(judged),
            _ => None,
        }
    }

    pub(super) fn decided(&self, judged: Judged) -> Stage {
        Stage::Decided(self.weighed(judged))
    }

    pub(super) fn weighed(&self, judged: Judged) -> Judged {
        weighed(judged, self.endpoint())
    }
}
