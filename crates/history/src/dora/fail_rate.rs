//! Change fail rate.

use pipeline_stats::trend::wilson;
use serde::Serialize;

use super::{Deploy, Trouble, count};
use crate::answer::Answer;
use crate::words::{between, percent, real};

/// So many deploys are needed for a rate.
pub(super) const NEEDED: u64 = 5;

/// A share of deploys, with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// Not below, with 95 %.
    pub low: f64,
    /// Not above, with 95 %.
    pub high: f64,
}

/// How many deploys fail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailRate {
    /// How many of the deploys that changed something.
    pub rate: Rate,
    /// How many of them went back by themselves.
    pub went_back: u64,
    /// How many were taken back by somebody soon after.
    pub taken_back: u64,
    /// How many ended stuck, or were left although the verifiers had said no.
    pub left: u64,
    /// How many deploys are needed.
    pub needed: u64,
}

impl Rate {
    pub(super) fn new(count: u64, of: u64) -> Self {
        let (low, high) = wilson(count, of, 0.95);
        Self { count, of, low, high }
    }

    /// The share itself; nothing of nothing.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.of == 0 { 0.0 } else { real(self.count) / real(self.of) }
    }

    /// `5.1 % of deploys fail: 2 of 39 (1.4 % to 17 %)`.
    pub(super) fn words(&self, what: &str) -> String {
        let Self { count, of, low, high } = self;
        let share = percent(self.share());
        format!("{share} of {what}: {count} of {of} ({})", between((*low, *high)))
    }
}

/// Deploys are counted, not incidents: one that went back and was mended twice has failed once.
pub(super) fn fail_rate(deploys: &[Deploy<'_>]) -> Answer<FailRate> {
    let how_many = |wanted: fn(&Trouble<'_>) -> bool| {
        count(deploys.iter().filter_map(|it| it.fault.as_ref()).filter(|it| wanted(it)).count())
    };
    let went_back = how_many(|it| matches!(it, Trouble::WentBack));
    let taken_back = how_many(|it| matches!(it, Trouble::TakenBack(_)));
    let left = how_many(|it| matches!(it, Trouble::Left));
    let rate = Rate::new(went_back + taken_back + left, count(deploys.len()));
    let fail = FailRate { rate, went_back, taken_back, left, needed: NEEDED };
    Answer::new(fail.sentence(), fail)
}

impl FailRate {
    fn sentence(&self) -> String {
        let Rate { count, of, .. } = self.rate;
        if of < NEEDED {
            return format!(
                "Not enough to say how many deploys fail ({of} of {NEEDED} deploys; {count} failed)."
            );
        }
        let kinds = [
            (self.went_back, "went back automatically"),
            (self.taken_back, "taken back by hand"),
            (self.left, "left bad"),
        ];
        let there = kinds.iter().filter(|(times, _)| *times > 0);
        let kinds: Vec<String> = there.map(|(times, word)| format!("{times} {word}")).collect();
        let kinds =
            if kinds.is_empty() { String::new() } else { format!("; {}", kinds.join(", ")) };
        format!("{}{kinds}.", self.rate.words("deploys fail"))
    }
}
