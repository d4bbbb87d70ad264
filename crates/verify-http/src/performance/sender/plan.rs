//! When requests leave: planned a round ahead from a seed, whatever the answers take. Pure.
//!
//! A round has one request for each stream that is wanted, evenly spaced, each moved by up to 20 % of the space so
//! that nothing periodic on the other side is met again and again. Every second round is in reverse order and every
//! third begins with another stream, so that two streams alternate as A B B A and none always comes first.

use std::time::Duration;

/// How far a request is moved, as a share of the space between two.
const JITTER: f64 = 0.2;

/// So late no busy machine is.
const STOPPED: Duration = Duration::from_secs(1);

/// The times of all requests.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Seconds between two requests to one stream, at least.
    every: f64,
    /// Requests a second to all streams, at most.
    most: f64,
    /// Seconds since the beginning where the next round begins.
    next: f64,
    round: usize,
    dice: Dice,
}

/// One request that is to leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Departure {
    pub(crate) stream: usize,
    /// Since the beginning.
    pub(crate) at: Duration,
}

impl Plan {
    /// `rate` requests a second to each stream and `most` to all together.
    pub(crate) fn new(rate: f64, most: f64, seed: u64) -> Self {
        Self { every: 1.0 / rate, most, next: 0.0, round: 0, dice: Dice(seed) }
    }

    /// The next round, of the streams that are wanted now.
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 streams")]
    pub(crate) fn round(&mut self, wanted: &[usize]) -> Vec<Departure> {
        let count = wanted.len() as f64;
        let takes = self.every.max(count / self.most);
        let (begins, space) = (self.next, takes / count);
        let ordered = order(wanted, self.round);
        self.next += takes;
        self.round += 1;
        let place = |(place, stream): (usize, usize)| {
            let moved = JITTER * (2.0 * self.dice.roll() - 1.0);
            let at = begins + (place as f64 + 0.5 + moved) * space;
            Departure { stream, at: Duration::from_secs_f64(at) }
        };
        ordered.into_iter().enumerate().map(place).collect()
    }

    /// Did so much time pass since the next round should have begun that this side must have been stopped?
    pub(crate) fn is_behind(&self, now: Duration) -> bool {
        now.as_secs_f64() - self.next > STOPPED.as_secs_f64()
    }

    /// After a rest the next round begins now, not in the past.
    pub(crate) fn not_before(&mut self, now: Duration) {
        self.next = self.next.max(now.as_secs_f64());
    }
}

fn order(wanted: &[usize], round: usize) -> Vec<usize> {
    let mut ordered = wanted.to_vec();
    if !ordered.is_empty() {
        ordered.rotate_left(round / 2 % wanted.len());
    }
    if round % 2 == 1 {
        ordered.reverse();
    }
    ordered
}

/// `SplitMix64` (Steele, Lea and Flood, <https://doi.org/10.1145/2714064.2660195>): good enough to move a request by
/// a few milliseconds, and the same on every machine.
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn streams(plan: &mut Plan, rounds: usize, wanted: &[usize]) -> Vec<usize> {
        (0..rounds).flat_map(|_| plan.round(wanted)).map(|it| it.stream).collect()
    }

    #[test]
    fn two_streams_alternate_and_none_always_comes_first() {
        let mut plan = Plan::new(10.0, 50.0, 7);
        assert_eq!(streams(&mut plan, 4, &[0, 1]), [0, 1, 1, 0, 1, 0, 0, 1]);
        let firsts: Vec<_> = (0..6).map(|round| order(&[0, 1, 2], round)[0]).collect();
        assert_eq!(firsts, [0, 2, 1, 0, 2, 1]);
    }

    #[test]
    fn the_rate_holds_for_each_stream_until_the_total_is_reached() {
        let span = |wanted: &[usize]| {
            let mut plan = Plan::new(10.0, 50.0, 7);
            (0..100).for_each(|_| drop(plan.round(wanted)));
            (plan.next * 10.0).round() / 10.0
        };
        assert_eq!(span(&[0]).to_string(), "10");
        assert_eq!(span(&[0, 1, 2, 3, 4]).to_string(), "10");
        assert_eq!(span(&(0..10).collect::<Vec<_>>()).to_string(), "20");
    }

    #[test]
    fn the_same_seed_plans_the_same_and_another_one_does_not() {
        let times = |seed| Plan::new(10.0, 50.0, seed).round(&[0, 1]);
        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
    }

    #[test]
    fn after_a_rest_nothing_is_made_up_for() {
        let mut plan = Plan::new(10.0, 50.0, 7);
        plan.not_before(Duration::from_secs(10));
        assert!(plan.round(&[0])[0].at >= Duration::from_secs(10));
        plan.not_before(Duration::ZERO);
        assert!(plan.round(&[0])[0].at >= Duration::from_millis(10_100));
    }

    proptest! {
        #[test]
        #[expect(clippy::cast_precision_loss, reason = "few")]
        fn times_ascend_and_no_gap_is_more_than_the_jitter_makes_it(
            seed: u64,
            rate in 0.5_f64..50.0,
            wanted in 1_usize..12,
        ) {
            let wanted: Vec<_> = (0..wanted).collect();
            let mut plan = Plan::new(rate, 50.0, seed);
            let times: Vec<_> = (0..20).flat_map(|_| plan.round(&wanted)).map(|it| it.at).collect();
            let space = (1.0 / rate).max(wanted.len() as f64 / 50.0) / wanted.len() as f64;
            for pair in times.windows(2) {
                let gap = (pair[1].as_secs_f64() - pair[0].as_secs_f64()) / space;
                prop_assert!((0.599..1.401).contains(&gap), "{gap}");
            }
        }
    }
}
