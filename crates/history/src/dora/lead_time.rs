//! Change lead time.

use std::collections::HashSet;

use serde::Serialize;
use store_sql::{RunKind, RunRow};

use super::{Ground, count, serves};
use crate::answer::Answer;
use crate::words::{median, millis, took};

/// So many deploys are needed.
const NEEDED: u64 = 5;

/// So many are looked at, the newest: more would not change the median by anything that matters, and git is asked for each of them.
const MOST: usize = 1_000;

/// How long from a commit until it serves, verified, of the newest 1,000 deploys that brought one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeadTime {
    /// The median; `None` where there are too few to say.
    pub median_ms: Option<u64>,
    /// Of how many deploys.
    pub deploys: u64,
    /// Of how many more nobody knows when their commit was made.
    pub unknown: u64,
    /// How many are needed.
    pub needed: u64,
}

/// From the commit that a deploy brought to the end of its run: the release serves, verified. Commits between two deployed ones
/// are not looked at: they waited longer.
pub(super) fn lead_time(ground: &Ground<'_>) -> Answer<LeadTime> {
    let (mut times, mut unknown) = (Vec::new(), 0);
    for run in bringers(ground.runs) {
        let revision = run.begun.revision.as_deref();
        match (revision.and_then(|it| ground.commits.get(it)), run.ended) {
            (Some(made), Some(served)) => times.push(millis(served.duration_since(*made))),
            _ => unknown += 1,
        }
    }
    let deploys = count(times.len());
    let enough = deploys >= NEEDED;
    let median_ms = median(times).filter(|_| enough);
    let lead = LeadTime { median_ms, deploys, unknown, needed: NEEDED };
    Answer::new(lead.sentence(), lead)
}

/// The deploys that brought something, verified, the newest first and no more than are looked at. A revision counts once, by the
/// first deploy that brought it; where none is known, nobody can tell whether it was brought before.
pub(super) fn bringers(newest_first: &[RunRow]) -> Vec<&RunRow> {
    let mut seen = HashSet::new();
    let deploys = newest_first.iter().rev().filter(|it| it.begun.kind == RunKind::Deploy);
    let mut first: Vec<&RunRow> = deploys
        .filter(|it| serves(it))
        .filter(|it| it.begun.revision.as_deref().is_none_or(|revision| seen.insert(revision)))
        .collect();
    first.reverse();
    first.truncate(MOST);
    first
}

impl LeadTime {
    fn sentence(&self) -> String {
        let unknown = match self.unknown {
            0 => String::new(),
            unknown => format!("; of {unknown} more the commit's time is unknown"),
        };
        match self.median_ms {
            Some(ms) => format!(
                "A commit serves after {} in the median ({} commits{unknown}).",
                took(ms),
                self.deploys
            ),
            None => format!(
                "Not enough to say how long a commit takes to serve ({} of {NEEDED} commits{unknown}).",
                self.deploys
            ),
        }
    }
}
