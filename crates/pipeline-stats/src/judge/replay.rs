//! The whole algorithm on stored latencies.

use super::confirm::{Confirmation, confirms};
use super::look::{Call, Opinion, Part, look};
use super::rules::Rules;
use crate::latency::Latencies;

/// What the stored latencies come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Not slower than the alert limit.
    Pass,
    /// Slower than the alert limit; or than the rollback limit, but a fresh batch did not confirm it.
    Alert(Part),
    /// Slower than the rollback limit, and confirmed.
    Rollback(Part),
    /// Slower than the rollback limit, but no fresh batch was stored that could confirm it.
    Unconfirmed(Part),
    /// All looks were taken, and it cannot be told.
    Inconclusive,
    /// The latencies end before a look that decides: the run that stored them stopped sooner.
    Unfinished,
}

/// What the stored latencies come to, and the numbers behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What they come to.
    pub decision: Decision,
    /// Which look decided, from 0.
    pub look: usize,
    /// What it saw.
    pub opinion: Opinion,
    /// What the fresh batch showed, if it was asked.
    pub confirmation: Option<Confirmation>,
}

/// The whole algorithm on stored samples, in their order: looks, then the confirmation batch, if one was stored.
///
/// Where the latencies end between two looks, the later one sees them all.
#[must_use]
pub fn replay(
    control: &Latencies,
    new: &Latencies,
    confirmation: Option<&Latencies>,
    rules: &Rules,
) -> Verdict {
    let mut at = 0;
    loop {
        let wanted = rules.looks.get(at).copied().unwrap_or(usize::MAX);
        let opinion = look(control, &new.first(wanted), at, rules);
        if opinion.call == Call::Continue && !rules.is_last(at) && wanted < new.len() {
            at += 1;
            continue;
        }
        let (decision, confirmation) = decide(opinion.call, |part| {
            confirmation.map(|batch| confirms(control, batch, part, rules))
        });
        return Verdict { decision, look: at, opinion, confirmation };
    }
}

fn decide(
    call: Call,
    ask: impl Fn(Part) -> Option<Confirmation>,
) -> (Decision, Option<Confirmation>) {
    match call {
        Call::Continue => (Decision::Unfinished, None),
        Call::Pass => (Decision::Pass, None),
        Call::Alert(part) => (Decision::Alert(part), None),
        Call::Inconclusive => (Decision::Inconclusive, None),
        Call::Candidate(part) => match ask(part) {
            Some(again) if again.confirmed => (Decision::Rollback(part), Some(again)),
            Some(again) => (Decision::Alert(part), Some(again)),
            None => (Decision::Unconfirmed(part), None),
        },
    }
}
