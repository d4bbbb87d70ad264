//! Are failures rising?

use pipeline_stats::clopper_pearson;
use pipeline_stats::trend::mann_kendall;
use serde::Serialize;
use store_sql::{RunHistory, RunKind, RunOutcome};

use crate::answer::Answer;
use crate::slower::NEEDED;
use crate::words::{p, real};

/// Failures are said to rise, or to fall, if chance makes so clear a trend in either direction less often than this: so it
/// makes so clear a rise in one of a hundred histories at most.
const SIGNIFICANT: f64 = 0.02;

/// How often deploys fail, over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rising {
    /// What the sentence says.
    pub course: Course,
    /// How many deploys it rests on: those that came to an end and that nobody stopped.
    pub deploys: usize,
    /// How many are needed.
    pub needed: usize,
    /// The older half of them.
    pub older: Half,
    /// The newer half of them.
    pub newer: Half,
    /// How probable so clear a trend is where there is none; `None` where there are too few to ask.
    pub p: Option<f64>,
}

/// Which way failures go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// More and more deploys fail.
    Rising,
    /// Fewer and fewer do.
    Falling,
    /// Neither can be told.
    Steady,
    /// There are too few deploys to say.
    NotEnough,
}

/// How many of one half failed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Half {
    /// How many failed.
    pub failed: u64,
    /// Of how many.
    pub of: u64,
    /// The rate is not below, with 95 %.
    pub low: f64,
    /// The rate is not above, with 95 %.
    pub high: f64,
}

/// Are failures rising? `runs` are those of one environment, newest first. A deploy has failed if it ended as FAIL, ROLLBACK or
/// STUCK; those that somebody stopped (ABORT) or that have no end are left out.
///
/// What decides is the Mann–Kendall test on the outcomes, with ties, at `p < 0.02`. Fisher's exact test on the two halves, and
/// intervals of the halves that do not overlap, were tried beside it on simulated histories of 20 to 100 deploys (`tests/operating`
/// prints the tables). Where nothing changes, each of them calls failures rising in 1.3 % of the histories or fewer, whatever the rate.
/// Of 50 deploys whose failure rate climbs evenly from 2 % to 50 % this one finds 48 %, the others 26 % and 22 %; of 100 deploys
/// 84 %, 58 % and 48 %: it looks at the order within the halves as well. Only of a jump just in the middle, from 5 % to 40 %, Fisher's
/// finds more: 70 % instead of 62 %. The halves are told because people understand them.
#[must_use]
pub fn rising(runs: &[RunHistory], window: usize) -> Answer<Rising> {
    let deploys = runs.iter().filter(|it| it.run.begun.kind == RunKind::Deploy);
    let ended = deploys.filter_map(|it| it.run.ending).map(|it| it.outcome);
    let counted = ended.filter(|it| *it != RunOutcome::Abort).take(window);
    let mut failed: Vec<bool> = counted.map(|it| it != RunOutcome::Pass).collect();
    failed.reverse();
    let (older, newer) = failed.split_at(failed.len() / 2);
    let enough = failed.len() >= NEEDED;
    let values: Vec<f64> = failed.iter().map(|it| f64::from(u8::from(*it))).collect();
    let test = mann_kendall(&values).filter(|_| enough);
    let course = match test {
        None => Course::NotEnough,
        Some(it) if it.p < SIGNIFICANT && it.s > 0 => Course::Rising,
        Some(it) if it.p < SIGNIFICANT => Course::Falling,
        Some(_) => Course::Steady,
    };
    let rising = Rising {
        course,
        deploys: failed.len(),
        needed: NEEDED,
        older: Half::of(older),
        newer: Half::of(newer),
        p: test.map(|it| it.p),
    };
    Answer::new(rising.sentence(), rising)
}

impl Half {
    fn of(outcomes: &[bool]) -> Self {
        let count = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
        let (failed, of) = (outcomes.iter().filter(|it| **it).count(), outcomes.len());
        let (low, high) = clopper_pearson(count(failed), count(of), 0.95);
        Self { failed: count(failed), of: count(of), low, high }
    }

    /// The share that failed; nothing of nothing.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.of == 0 { 0.0 } else { real(self.failed) / real(self.of) }
    }
}

impl Rising {
    fn sentence(&self) -> String {
        let Self { older, newer, .. } = self;
        let head = match self.course {
            Course::NotEnough => {
                return format!(
                    "Not enough history to say whether failures are rising ({} of {NEEDED} deploys; {} failed).",
                    self.deploys,
                    older.failed + newer.failed
                );
            }
            Course::Steady if older.failed + newer.failed == 0 => {
                return format!("None of the last {} deploys failed.", self.deploys);
            }
            Course::Rising => "Failures are rising",
            Course::Falling => "Failures are becoming fewer",
            Course::Steady => "Failures are not rising",
        };
        let p = self.p.map(|it| format!(" ({})", p(it))).unwrap_or_default();
        format!(
            "{head}: {} of the newer {} deploys failed, {} of the older {}{p}.",
            newer.failed, newer.of, older.failed, older.of
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slower::tests::{ended, history};

    fn asked(outcomes: impl IntoIterator<Item = RunOutcome>) -> Answer<Rising> {
        rising(&history(outcomes.into_iter().map(|it| ended(it, 60_000))), 50)
    }

    #[test]
    fn few_deploys_are_not_enough_and_none_failed_is_said_plainly() {
        use RunOutcome::{Abort, Pass, Stuck};
        insta::assert_snapshot!(asked([Pass, Stuck]).sentence, @"Not enough history to say whether failures are rising (2 of 20 deploys; 1 failed).");
        insta::assert_snapshot!(asked([Pass; 24]).sentence, @"None of the last 24 deploys failed.");
        // Whom somebody stopped has not failed.
        insta::assert_snapshot!(asked([Abort; 24]).sentence, @"Not enough history to say whether failures are rising (0 of 20 deploys; 0 failed).");
    }

    #[test]
    fn rising_falling_and_neither_are_told_apart() {
        use RunOutcome::{Pass, Rollback};
        let good_then_bad = (0..40).map(|it| if it > 28 && it % 2 == 0 { Rollback } else { Pass });
        let told = asked(good_then_bad.clone());
        assert_eq!(told.numbers.course, Course::Rising);
        insta::assert_snapshot!(told.sentence, @"Failures are rising: 5 of the newer 20 deploys failed, 0 of the older 20 (p = 0.003).");
        let told = asked(good_then_bad.rev());
        assert_eq!(told.numbers.course, Course::Falling);
        insta::assert_snapshot!(told.sentence, @"Failures are becoming fewer: 0 of the newer 20 deploys failed, 5 of the older 20 (p = 0.003).");
        let told = asked((0..40).map(|it| if it % 8 == 0 { Rollback } else { Pass }));
        insta::assert_snapshot!(told.sentence, @"Failures are not rising: 2 of the newer 20 deploys failed, 3 of the older 20 (p = 0.49).");
    }
}
