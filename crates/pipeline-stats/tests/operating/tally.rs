//! What many simulated deploys came to.

use pipeline_stats::{Decision, Rules, replay};

use crate::noise::Noise;
use crate::random::Random;

/// How many requests the control has.
const CONTROL: usize = 400;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub runs: usize,
    pub passes: usize,
    pub alerts: usize,
    pub rollbacks: usize,
    pub inconclusive: usize,
    /// How many were candidates for a rollback, confirmed or not.
    pub candidates: usize,
    /// Of the release, confirmations left out.
    pub requests: usize,
}

impl Tally {
    /// Deploys a release `ratio` times as slow as the control, `runs` times.
    pub fn of(noise: &Noise, ratio: f64, rules: &Rules, runs: usize) -> Self {
        // Every cell of a table has numbers of its own, and the same each time.
        let name = noise.name.bytes().fold(7, |sum: u64, it| sum.wrapping_mul(31) + u64::from(it));
        let mut random = Random::seeded(name ^ ratio.to_bits());
        let mut tally = Self::default();
        for _ in 0..runs {
            tally.deploy(noise, ratio, rules, &mut random);
        }
        tally
    }

    fn deploy(&mut self, noise: &Noise, ratio: f64, rules: &Rules, random: &mut Random) {
        let control = noise.warm(random, CONTROL, 1.0);
        let most = rules.looks.last().copied().unwrap_or_default();
        let new = noise.started(random, most, ratio);
        let mut verdict = replay(&control, &new, None, rules);
        if let Decision::Unconfirmed(part) = verdict.decision {
            self.candidates += 1;
            let batch = noise.warm(random, part.batch(), ratio);
            verdict = replay(&control, &new, Some(&batch), rules);
        }
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
