//! When a machine is warm: a pure fold over its first requests.

use std::time::Duration;

use super::quantile::median;

/// How many requests the two compared windows have.
const WINDOW: usize = 10;

/// Warm is when the last window is not faster than the one before by more than this.
const STEADY: f64 = 1.5;

/// After so many requests or so long, whatever is not warm by then is how it is.
const MOST: usize = 60;
const LONGEST: Duration = Duration::from_secs(20);

/// The first requests to a machine.
#[derive(Clone, Debug)]
pub(super) struct WarmUp {
    least: usize,
    taken: usize,
    began: Option<Duration>,
    first_good: Option<Duration>,
    /// Of the good ones, in milliseconds.
    latencies: Vec<f64>,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Steady,
    GivenUp,
}

/// What a cold start looked like to those who came first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ColdStart {
    /// From the first request to the first good answer.
    pub(super) first_good: Duration,
    /// The median of the first ten good answers.
    pub(super) first_ten: Duration,
    /// How many requests it took.
    pub(super) requests: usize,
    /// Was it warm in the end?
    pub(super) steady: bool,
}

impl WarmUp {
    /// At least `least` requests are no part of the latency.
    pub(super) fn new(least: usize) -> Self {
        let (began, first_good, end) = (None, None, None);
        Self { least, taken: 0, began, first_good, latencies: Vec::new(), end }
    }

    /// Takes the request that was due at `due`, with its latency if its answer was good.
    pub(super) fn take(&mut self, due: Duration, good: Option<Duration>) {
        self.taken += 1;
        let began = *self.began.get_or_insert(due);
        if let Some(latency) = good {
            self.first_good.get_or_insert((due + latency).saturating_sub(began));
            self.latencies.push(latency.as_secs_f64() * 1_000.0);
        }
        if self.taken >= self.least && self.is_steady() {
            self.end = Some(End::Steady);
        } else if self.taken >= MOST.max(self.least) || due.saturating_sub(began) >= LONGEST {
            self.end = Some(End::GivenUp);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// What it looked like; `None` without a good answer.
    pub(super) fn cold_start(&self) -> Option<ColdStart> {
        let first_ten = &self.latencies[..self.latencies.len().min(WINDOW)];
        Some(ColdStart {
            first_good: self.first_good?,
            first_ten: Duration::from_secs_f64(median(first_ten)? / 1_000.0),
            requests: self.taken,
            steady: self.end == Some(End::Steady),
        })
    }

    fn is_steady(&self) -> bool {
        let windows = self.latencies.len().checked_sub(2 * WINDOW);
        // Where fewer are asked for, there is nothing to compare.
        let Some(begin) = windows else { return self.least < 2 * WINDOW };
        let (before, last) = self.latencies[begin..].split_at(WINDOW);
        match (median(before), median(last)) {
            // Both ways: while it still gets faster the window before is the slow one.
            (Some(before), Some(last)) => last <= STEADY * before && before <= STEADY * last,
            _ => false,
        }
    }
}

impl ColdStart {
    /// What the first visitors waited: for the first answer, or in the middle of the first ten.
    pub(super) fn worst(&self) -> Duration {
        self.first_good.max(self.first_ten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_millis(100);

    /// Takes requests of these latencies in milliseconds, 0 for a failed one, until it is over.
    fn after(latencies: impl IntoIterator<Item = u64>) -> (usize, Option<ColdStart>) {
        let mut warm_up = WarmUp::new(20);
        let mut taken = 0;
        for latency in latencies {
            let good = (latency > 0).then(|| Duration::from_millis(latency));
            warm_up.take(EVERY * u32::try_from(taken).unwrap(), good);
            taken += 1;
            if warm_up.is_over() {
                break;
            }
        }
        (taken, warm_up.cold_start())
    }

    #[test]
    fn a_warm_machine_needs_twenty() {
        let (taken, cold) = after(std::iter::repeat(50));
        assert_eq!(taken, 20);
        let ms = Duration::from_millis;
        let wanted =
            ColdStart { first_good: ms(50), first_ten: ms(50), requests: 20, steady: true };
        assert_eq!(cold, Some(wanted));
    }

    #[test]
    fn a_cold_one_needs_more_until_it_is_steady() {
        let decaying = (0..).map(|n| 50 + 1_000 / (1 + n * n));
        assert_eq!(after(decaying).0, 22);
        // Ten slow ones and then fast ones: the two windows agree when the slow ones are out of both.
        let slow = std::iter::repeat_n(1_000, 14).chain(std::iter::repeat(50));
        let (taken, cold) = after(slow);
        assert_eq!((taken, cold.unwrap().first_ten.as_millis()), (30, 1_000));
    }

    #[test]
    fn what_never_gets_steady_is_given_up() {
        let slower_and_slower = (0..).map(|n| 50 + n * n * n);
        let (taken, cold) = after(slower_and_slower);
        assert_eq!((taken, cold.unwrap().steady), (60, false));
        let (taken, cold) = after(std::iter::repeat(0));
        assert_eq!((taken, cold), (60, None));
    }

    #[test]
    fn the_first_good_answer_counts_from_the_first_request() {
        let (_, cold) = after([0, 0, 0, 80].into_iter().chain(std::iter::repeat(50)));
        assert_eq!(cold.unwrap().first_good, Duration::from_millis(380));
    }
}
