//! The rate of errors of everything that is watched. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use super::config::{FEWEST, WatchLimits};

/// How long errors must go on to count where they are few.
const SUSTAINED: Duration = Duration::from_mins(1);
/// Into how many parts that time is cut, in each of which some must fail: one that failed is not going on.
const PARTS: u32 = 3;

/// How many requests there were, and which of the last minute failed.
#[derive(Debug, Default)]
pub(super) struct Errors {
    pub(super) requests: usize,
    pub(super) failed: usize,
    /// When each was planned, and did it fail; no older than [`SUSTAINED`].
    recent: VecDeque<(Duration, bool)>,
}

impl Errors {
    /// Takes one more request, and says what is too much now: in words.
    pub(super) fn take(
        &mut self,
        planned: Duration,
        failed: bool,
        limits: &WatchLimits,
    ) -> Option<String> {
        self.requests += 1;
        self.failed += usize::from(failed);
        self.recent.push_back((planned, failed));
        let latest = self.recent.iter().map(|it| it.0).max().unwrap_or_default();
        self.recent.retain(|it| it.0 + SUSTAINED > latest);
        if self.requests >= FEWEST && self.rate() > limits.error_rate {
            return Some(format!("{}, more than {}", self.words(), percent(limits.error_rate)));
        }
        self.sustained(latest, limits)
    }

    /// The part that failed.
    pub(super) fn rate(&self) -> f64 {
        rate(self.failed, self.requests)
    }

    /// `2 of 40 requests failed (5.0 %)`.
    pub(super) fn words(&self) -> String {
        format!("{} of {} requests failed ({})", self.failed, self.requests, percent(self.rate()))
    }

    fn sustained(&self, latest: Duration, limits: &WatchLimits) -> Option<String> {
        // A probe stands for the time up to the next one: the last of a minute is sent before its end.
        let before = self.recent.iter().map(|it| it.0).filter(|it| *it < latest).max();
        let step = latest.saturating_sub(before.unwrap_or(latest));
        if latest + step < SUSTAINED {
            return None;
        }
        let failed = self.recent.iter().filter(|it| it.1).count();
        let part = SUSTAINED / PARTS;
        let goes_on = (0..PARTS).all(|number| {
            let (from, to) = (part * number, part * (number + 1));
            let age = |planned: Duration| latest.saturating_sub(planned);
            self.recent.iter().any(|it| it.1 && (from..to).contains(&age(it.0)))
        });
        let too_many = rate(failed, self.recent.len()) > limits.sustained_error_rate;
        (goes_on && too_many).then(|| {
            format!(
                "{failed} of {} requests failed over the last minute ({}), some in each third of it, more than {}",
                self.recent.len(),
                percent(rate(failed, self.recent.len())),
                percent(limits.sustained_error_rate)
            )
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "no watch makes 2^52 requests")]
fn rate(failed: usize, requests: usize) -> f64 {
    if requests == 0 { 0.0 } else { failed as f64 / requests as f64 }
}

pub(super) fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}
