//! Deployment frequency.

use jiff::Timestamp;
use serde::Serialize;
use store_sql::RunKind;

use super::{Ground, count, serves};
use crate::answer::Answer;
use crate::words::{self, median};

/// So many whole weeks are needed.
const NEEDED: usize = 4;

/// How often a release comes to serve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Frequency {
    /// In the words of Google's Four Keys; `None` where there are too few weeks to say.
    pub bucket: Option<Bucket>,
    /// The median number of days of a week on which a release came to serve.
    pub days_a_week: Option<f64>,
    /// How many came to serve in all.
    pub deploys: u64,
    /// How many whole weeks were looked at.
    pub weeks: usize,
    /// How many are needed.
    pub needed: usize,
}

/// The buckets of Google's Four Keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// On three days of the median week or more: most working days.
    Daily,
    /// On a day at least of the median week.
    Weekly,
    /// Not every week, but in the median four weeks.
    Monthly,
    /// More rarely.
    Yearly,
}

/// Weeks are counted back from now, and only whole ones: a week that has just begun would look like a lazy one. Days are those of UTC. The
/// buckets are those of Four Keys (github.com/dora-team/fourkeys, `METRICS.md`), its months four weeks.
pub(super) fn frequency(ground: &Ground<'_>) -> Answer<Frequency> {
    let weeks = whole_weeks(ground);
    let deploy = |it: &&store_sql::RunRow| it.begun.kind == RunKind::Deploy && serves(it);
    let served: Vec<Timestamp> =
        ground.runs.iter().filter(deploy).filter_map(|it| it.ended).collect();
    let mut days: Vec<Vec<i64>> = vec![Vec::new(); weeks];
    for at in &served {
        let ago = day(ground.now) - day(*at);
        let week = usize::try_from(ago / 7).ok().filter(|_| ago >= 0);
        if let Some(week) = week.and_then(|it| days.get_mut(it)) {
            week.push(ago);
        }
    }
    let counted = days.iter().map(Vec::len).sum();
    let distinct = days.into_iter().map(|mut it| {
        it.sort_unstable();
        it.dedup();
        count(it.len())
    });
    let days: Vec<u64> = distinct.collect();
    let enough = weeks >= NEEDED;
    let frequency = Frequency {
        bucket: enough.then(|| bucket(&days)),
        days_a_week: enough.then(|| middle(&days)),
        deploys: count(if enough { counted } else { served.len() }),
        weeks,
        needed: NEEDED,
    };
    Answer::new(frequency.sentence(), frequency)
}

/// Today is the last day of the newest week: so none has more than seven.
fn whole_weeks(ground: &Ground<'_>) -> usize {
    usize::try_from((day(ground.now) - day(ground.from)) / 7).unwrap_or(0)
}

/// Days since 1970, in UTC.
fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

fn bucket(days: &[u64]) -> Bucket {
    let weekly = days.iter().map(|it| 2 * (*it).min(1));
    let months = days.chunks_exact(4).map(|it| 2 * it.iter().filter(|it| **it > 0).count() as u64);
    if middle(days) >= 3.0 {
        Bucket::Daily
    } else if median(weekly) >= Some(2) {
        Bucket::Weekly
    } else if median(months) >= Some(2) {
        Bucket::Monthly
    } else {
        Bucket::Yearly
    }
}

/// The median, halves included.
fn middle(days: &[u64]) -> f64 {
    words::real(median(days.iter().map(|it| it * 2)).unwrap_or_default()) / 2.0
}

impl Frequency {
    fn sentence(&self) -> String {
        let (Some(bucket), Some(days)) = (self.bucket, self.days_a_week) else {
            return format!(
                "Not enough to say how often it is deployed ({} of {NEEDED} whole weeks; {}).",
                self.weeks,
                words::count(self.deploys, "deploy")
            );
        };
        let word = match bucket {
            Bucket::Daily => "daily",
            Bucket::Weekly => "weekly",
            Bucket::Monthly => "monthly",
            Bucket::Yearly => "less than monthly",
        };
        let deploys = words::count(self.deploys, "deploy");
        let weeks = self.weeks;
        format!("Deployed {word}: on {days} days of the median week ({deploys} in {weeks} weeks).")
    }
}
