//! How long the parts of a run take otherwise: told to people, and never judged by.

use std::collections::BTreeMap;

use crate::event::UsualPhase;
use crate::phase::Phase;

/// How long the phases and steps of a run take otherwise, in milliseconds. Whoever starts a run may know it from history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usual {
    /// Each phase, over all its passes.
    pub phases: BTreeMap<Phase, u64>,
    /// Each step in one pass of its phase.
    pub steps: BTreeMap<(Phase, String), u64>,
}

impl Usual {
    pub(crate) fn step(&self, phase: Phase, step: &str) -> Option<u64> {
        self.steps.get(&(phase, step.to_owned())).copied()
    }

    pub(crate) fn told(&self) -> Vec<UsualPhase> {
        let told =
            |(phase, usual_ms): (&Phase, &u64)| UsualPhase { phase: *phase, usual_ms: *usual_ms };
        self.phases.iter().map(told).collect()
    }
}
