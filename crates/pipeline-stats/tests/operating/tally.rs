//! What many simulated deploys came to.

use pipeline_stats::{Decision, Rules, Verdict, replay};

use crate::noise::Noise;
use crate::random::Random;

/// How many requests the control has.
const CONTROL: usize = 400;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) runs: usize,
    pub(crate) passes: usize,
    pub(crate) alerts: usize,
    pub(crate) rollbacks: usize,
    pub(crate) inconclusive: usize,
    /// How many were candidates for a rollback, confirmed or not.
    pub(crate) candidates: usize,
    /// Of the release, confirmations left out.
    pub(crate) requests: usize,
}

impl Tally {
    /// Deploys a release `ratio` times as slow as the control, `runs` times.
    pub(crate) fn of(noise: &Noise, ratio: f64, rules: &Rules, runs: usize) -> Self {
        let mut random = Random::named(noise.name, ratio.to_bits());
        let mut tally = Self::default();
        for _ in 0..runs {
            let (candidate, verdict) = deploy(noise, ratio, rules, &mut random);
            tally.candidates += usize::from(candidate);
            tally.count(&verdict);
        }
        tally
    }

    fn count(&mut self, verdict: &Verdict) {
        self.runs += 1;
        self.requests += verdict.opinion.samples;
        match verdict.decision {
            Decision::Pass => self.passes += 1,
            Decision::Alert(_) => self.alerts += 1,
            Decision::Rollback(_) => self.rollbacks += 1,
            Decision::Inconclusive => self.inconclusive += 1,
            Decision::Unconfirmed(_) | Decision::Unfinished => {
                unreachable!("every batch is there, and every request")
            }
        }
    }
}

/// Was it a candidate for a rollback, and what did it come to?
fn deploy(noise: &Noise, ratio: f64, rules: &Rules, random: &mut Random) -> (bool, Verdict) {
    let control = noise.warm(random, CONTROL, 1.0);
    let most = rules.looks.last().copied().unwrap_or_default();
    let new = noise.started(random, most, ratio);
    let verdict = replay(&control, &new, None, rules);
    let Decision::Unconfirmed(part) = verdict.decision else { return (false, verdict) };
    let batch = noise.warm(random, part.batch(), ratio);
    (true, replay(&control, &new, Some(&batch), rules))
}
