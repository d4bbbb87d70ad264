//! Fly.io's rate limits, kept by waiting: each request has its turn before it is sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use tokio::time::{Instant, sleep_until};

/// So many buckets are kept before the full ones, which say nothing, are looked for.
const CROWD: usize = 1024;

/// How often something is asked for: a little less than Fly.io allows (fly.io docs: machines/api, rate
/// limits). One twentieth of the rate is for clocks that differ. A part of the burst is kept back, because
/// requests take differently long to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    every: Duration,
    burst: u32,
}

impl Rate {
    /// One a second for each action and machine, with a burst of 3.
    pub(crate) const USUAL: Self = Self { every: Duration::from_millis(1_050), burst: 2 };
    /// Five a second for reading one machine, with a burst of 10.
    pub(crate) const READ_MACHINE: Self = Self { every: Duration::from_millis(210), burst: 8 };
}

/// What shares a limit: the action, and the machine or the app that its path names.
pub(crate) type Limited = (Method, String);

/// What is left of a burst, as the time at which all of it is back.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    full_at: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, full_at: now }
    }

    /// When the next request may be sent: as soon as all but the rest of the burst is back.
    fn due(&self, now: Instant) -> Instant {
        let spare = self.rate.every * (self.rate.burst - 1);
        self.full_at.checked_sub(spare).map_or(now, |due| due.max(now))
    }

    fn take(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + self.rate.every;
    }

    fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

/// The turns of all requests of one app, shared by whoever asks in its name.
#[derive(Debug, Default)]
pub(crate) struct Budget(Mutex<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    known: HashMap<Limited, Arc<tokio::sync::Mutex<Bucket>>>,
    /// How many there may be before the next look for full ones.
    most: usize,
}

impl Budget {
    /// Waits until it is this request's turn. First come, first served; who stops waiting takes nothing.
    pub(crate) async fn turn(&self, limited: Limited, rate: Rate) {
        let bucket = self.bucket(limited, rate);
        let mut bucket = bucket.lock().await;
        let (now, due) = (Instant::now(), bucket.due(Instant::now()));
        if due > now {
            sleep_until(due).await;
        }
        bucket.take(Instant::now());
    }

    fn bucket(&self, limited: Limited, rate: Rate) -> Arc<tokio::sync::Mutex<Bucket>> {
        let now = Instant::now();
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.known.len() >= buckets.most.max(CROWD) {
            // One that cannot be locked is waited at.
            buckets.known.retain(|_, it| {
                Arc::strong_count(it) > 1 || it.try_lock().is_ok_and(|bucket| !bucket.is_full(now))
            });
            buckets.most = buckets.known.len() * 2;
        }
        let new = || Arc::new(tokio::sync::Mutex::new(Bucket::full(rate, now)));
        Arc::clone(buckets.known.entry(limited).or_insert_with(new))
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use tokio::time::timeout;

    use super::*;

    fn start(machine: u64) -> Limited {
        (Method::POST, format!("/machines/{machine}/start"))
    }

    /// When requests that are made at `asked` are sent, in milliseconds.
    fn sent(rate: Rate, asked: &[u64]) -> Vec<u128> {
        let zero = Instant::now();
        let mut bucket = Bucket::full(rate, zero);
        let mut last = zero;
        let mut send = |at: &u64| {
            last = bucket.due(last.max(zero + Duration::from_millis(*at)));
            bucket.take(last);
            last.duration_since(zero).as_millis()
        };
        asked.iter().map(&mut send).collect()
    }

    #[test]
    fn a_burst_is_sent_at_once_and_then_a_little_less_than_what_is_allowed() {
        let usual = Rate::USUAL;
        let table: [(&[u64], &[u128]); 5] = [
            (&[0], &[0]),
            (&[0, 0, 0, 0], &[0, 0, 1_050, 2_100]),
            (&[0, 500, 1_200, 1_300], &[0, 500, 1_200, 2_100]),
            (&[0, 0, 5_000, 5_000, 5_000], &[0, 0, 5_000, 5_000, 6_050]),
            (&[0, 1_050, 2_100, 3_150], &[0, 1_050, 2_100, 3_150]),
        ];
        for (asked, wanted) in table {
            assert_eq!(sent(usual, asked), wanted, "{asked:?}");
        }
        let reads = sent(Rate::READ_MACHINE, &[0; 10]);
        assert_eq!(reads, [0, 0, 0, 0, 0, 0, 0, 0, 210, 420]);
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_taken_in_the_order_of_asking_and_each_machine_has_its_own() {
        let (budget, began) = (Budget::default(), Instant::now());
        let order = Mutex::new(Vec::new());
        let turns = (0..5).map(async |number: u64| {
            budget.turn(start(1), Rate::USUAL).await;
            order.lock().unwrap().push((number, began.elapsed().as_millis()));
        });
        let others = (2..9).map(async |machine: u64| {
            budget.turn(start(machine), Rate::USUAL).await;
            assert!(began.elapsed().is_zero());
        });
        tokio::join!(join_all(turns), join_all(others));
        let wanted = [(0, 0), (1, 0), (2, 1_050), (3, 2_100), (4, 3_150)];
        assert_eq!(*order.lock().unwrap(), wanted);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_waiting_takes_nothing() {
        let (budget, began) = (Budget::default(), Instant::now());
        for _ in 0..2 {
            budget.turn(start(1), Rate::USUAL).await;
        }
        for _ in 0..5 {
            let short = Duration::from_millis(100);
            timeout(short, budget.turn(start(1), Rate::USUAL)).await.unwrap_err();
        }
        budget.turn(start(1), Rate::USUAL).await;
        assert_eq!(began.elapsed(), Duration::from_millis(1_050));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_asked_for_any_more_is_forgotten() {
        let budget = Budget::default();
        for machine in 0..10 * CROWD as u64 {
            budget.turn(start(machine), Rate::USUAL).await;
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let known = budget.0.lock().unwrap().known.len();
        assert!(known <= 2 * CROWD, "{known}");
    }
}
