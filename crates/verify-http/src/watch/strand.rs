//! One path at one place over time: what its probes have seen, in the order in which they were planned. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use pipeline_core::{Trigger, Verdict};

use super::config::WatchLimits;
use super::seen::{Probed, Seen};

/// How many probes in a row must say that the database is down: one may be a moment's.
const DATABASE_IN_A_ROW: usize = 2;

/// One path at one place.
#[derive(Debug, Default)]
pub(super) struct Strand {
    /// By their number in the schedule; answers come in any order.
    probed: BTreeMap<usize, Probed>,
    /// Is it the health endpoint?
    pub(super) health: bool,
}

/// What is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) verdict: Verdict,
    pub(super) trigger: Trigger,
    pub(super) words: String,
}

impl Strand {
    pub(super) fn new(health: bool) -> Self {
        Self { health, ..Self::default() }
    }

    /// Takes one more answer. Whatever it proves is no matter of what comes after.
    pub(super) fn take(&mut self, probed: Probed, limits: &WatchLimits) -> Option<Proof> {
        let number = probed.number;
        self.probed.insert(number, probed);
        if !self.health {
            return None;
        }
        self.database(number).or_else(|| self.down(number, limits))
    }

    /// How many were answered or failed, and how many of them failed.
    pub(super) fn counts(&self) -> (usize, usize) {
        let failed: Vec<_> = self.probed.values().filter_map(|it| it.seen.failed()).collect();
        (failed.len(), failed.iter().filter(|it| **it).count())
    }

    /// Why some were not asked, if any.
    pub(super) fn blind(&self) -> Vec<&crate::Error> {
        let blind = self.probed.values().filter_map(|it| match &it.seen {
            Seen::Blind(error) => Some(error),
            _ => None,
        });
        blind.collect()
    }

    /// The longest time without a good answer while some failed, by when good ones came.
    pub(super) fn longest_gap(&self) -> Duration {
        let (mut longest, mut good, mut failing) = (Duration::ZERO, Duration::ZERO, false);
        for probed in self.probed.values() {
            match probed.seen.failed() {
                Some(true) => {
                    failing = true;
                    longest = longest.max(probed.over.saturating_sub(good));
                }
                Some(false) => {
                    let gap = probed.over.saturating_sub(good);
                    longest = if failing { longest.max(gap) } else { longest };
                    (good, failing) = (good.max(probed.over), false);
                }
                None => {}
            }
        }
        longest
    }

    /// The median of what good answers took.
    pub(super) fn median(&self) -> Option<Duration> {
        let mut took: Vec<_> = self
            .probed
            .values()
            .filter_map(|it| match it.seen {
                Seen::Good(took) | Seen::Degraded(took) => Some(took),
                _ => None,
            })
            .collect();
        took.sort();
        took.get(took.len() / 2).copied()
    }

    /// How many called themselves degraded.
    pub(super) fn degraded(&self) -> usize {
        self.probed.values().filter(|it| matches!(it.seen, Seen::Degraded(_))).count()
    }

    /// What the last bad answer was.
    pub(super) fn last_bad(&self) -> Option<&str> {
        self.probed.values().rev().find_map(|it| match &it.seen {
            Seen::Bad(words) | Seen::Database(words) => Some(words.as_str()),
            _ => None,
        })
    }

    /// How many said that the database is down.
    pub(super) fn database_down(&self) -> usize {
        self.probed.values().filter(|it| matches!(it.seen, Seen::Database(_))).count()
    }

    fn database(&self, number: usize) -> Option<Proof> {
        let row = self.row(number, |it| matches!(it, Seen::Database(_)));
        let last = row.last().filter(|_| row.len() >= DATABASE_IN_A_ROW)?;
        let words = format!(
            "{} times in a row, {} into the watch, it {}",
            row.len(),
            seconds(last.planned),
            last.seen.complaint().unwrap_or_default()
        );
        Some(Proof { verdict: Verdict::Refused, trigger: Trigger::Database, words })
    }

    fn down(&self, number: usize, limits: &WatchLimits) -> Option<Proof> {
        let row = self.row(number, |it| it.failed() == Some(true));
        let (first, last) = (row.first()?, row.last()?);
        let (times, down) = (row.len(), last.planned.saturating_sub(first.planned));
        let failed = if times > limits.consecutive.get() {
            format!("{times} probes in a row failed (more than {})", limits.consecutive)
        } else if down > limits.down_for {
            let (down, limit) = (seconds(down), seconds(limits.down_for));
            format!("{times} probes in a row failed over {down} (more than {limit})")
        } else {
            return None;
        };
        let words = format!(
            "is down: {failed}, sent {} to {} into the watch; the last one {}",
            seconds(first.planned),
            seconds(last.planned),
            last.seen.complaint().unwrap_or_default()
        );
        Some(Proof { verdict: Verdict::Refused, trigger: Trigger::HealthDown, words })
    }

    /// The probes around this one that are all so, without a gap: one that is not answered yet may be good.
    fn row(&self, number: usize, so: impl Fn(&Seen) -> bool) -> Vec<&Probed> {
        let known = |number: &usize| self.probed.get(number).filter(|it| so(&it.seen));
        let before = (0..number).rev().map_while(|it| known(&it));
        let mut row: Vec<_> = before.collect();
        row.reverse();
        row.extend((number..).map_while(|it| known(&it)));
        row
    }
}

/// Whole and tenths of seconds, such as `12 s`.
pub(super) fn seconds(duration: Duration) -> String {
    let tenths = (duration.as_millis() + 50) / 100;
    match tenths % 10 {
        0 => format!("{} s", tenths / 10),
        tenth => format!("{}.{tenth} s", tenths / 10),
    }
}
