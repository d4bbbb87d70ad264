//! The requests of one stream in the order in which they should have left, whatever order they came back in. Pure.
//!
//! Nothing is decided on answers alone that happen to be quick: a request counts once all before it are settled.

use std::collections::VecDeque;
use std::time::Duration;

use pipeline_stats::{Counts, Latencies};

use super::endpoint::Endpoint;
use super::sample::{counts, has_latency, is_good, latencies};
use super::series::Sample;
use super::warm_up::{ColdStart, WarmUp};

/// One stream's requests.
#[derive(Clone, Debug)]
pub(super) struct Tape {
    pub(super) endpoint: Endpoint,
    timeout: Duration,
    /// What came back while something before it is still out; the first of it is number `settled`.
    early: VecDeque<Option<Entry>>,
    settled: usize,
    warm_up: WarmUp,
    /// Before it was warm.
    pub(super) cold: Vec<Sample>,
    /// Since then.
    pub(super) samples: Vec<Sample>,
    /// The last failure, in words.
    pub(super) failure: Option<String>,
    /// Why nothing of it counts.
    pub(super) void: Option<String>,
}

/// A request that is over.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) due: Duration,
    pub(super) took: Duration,
    pub(super) sample: Sample,
    pub(super) failure: Option<String>,
}

impl Tape {
    pub(super) fn new(endpoint: Endpoint, timeout: Duration, warm_up: usize) -> Self {
        Self {
            endpoint,
            timeout,
            early: VecDeque::new(),
            settled: 0,
            warm_up: WarmUp::new(warm_up),
            cold: Vec::new(),
            samples: Vec::new(),
            failure: None,
            void: None,
        }
    }

    /// Takes request `number`.
    pub(super) fn take(&mut self, number: usize, entry: Entry) {
        let place = number - self.settled;
        if self.early.len() <= place {
            self.early.resize(place + 1, None);
        }
        self.early[place] = Some(entry);
        while let Some(entry) = self.early.pop_front_if(|it| it.is_some()).flatten() {
            self.settled += 1;
            self.settle(entry);
        }
    }

    pub(super) fn cold_start(&self) -> Option<ColdStart> {
        self.warm_up.cold_start()
    }

    /// All that was asked and is settled, and what of it failed.
    pub(super) fn counts(&self) -> Counts {
        counts(self.cold.iter().chain(&self.samples), &self.endpoint)
    }

    /// What has a latency, since it was warm.
    pub(super) fn measured(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|it| has_latency(it, &self.endpoint, self.timeout))
    }

    /// The first `count` latencies of requests that were due from `from` on.
    pub(super) fn latencies(&self, from: u64, count: usize) -> Latencies {
        let chosen = self.measured().filter(|it| it.at_us >= from).take(count);
        latencies(chosen, &self.endpoint, self.timeout)
    }

    /// How many latencies there are of requests that were due from `from` on.
    pub(super) fn count(&self, from: u64) -> usize {
        self.measured().filter(|it| it.at_us >= from).count()
    }

    /// Does it answer hardly ever? Then there is no use in waiting for its latencies.
    pub(super) fn is_dead(&self) -> bool {
        let Counts { failed, total } = self.counts();
        failed >= 5 && failed * 2 > total
    }

    fn settle(&mut self, entry: Entry) {
        let good = is_good(&entry.sample, &self.endpoint);
        if entry.failure.is_some() {
            self.failure = entry.failure;
        }
        if self.warm_up.is_over() {
            self.samples.push(entry.sample);
        } else {
            self.warm_up.take(entry.due, good.then_some(entry.took));
            self.cold.push(entry.sample);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64) -> Entry {
        let (due, took) = (Duration::from_millis(100 * number), Duration::from_millis(50));
        let sample = Sample { at_us: 100_000 * number, latency_us: 50_000, status: Some(200) };
        Entry { due, took, sample, failure: None }
    }

    fn tape() -> Tape {
        Tape::new(Endpoint::get("/"), Duration::from_secs(4), 20)
    }

    #[test]
    fn a_request_counts_once_all_before_it_are_settled() {
        let mut tape = tape();
        for number in (0..30).filter(|it| *it != 22) {
            tape.take(number, entry(number as u64));
        }
        assert_eq!((tape.cold.len(), tape.samples.len()), (20, 2));
        tape.take(22, entry(22));
        assert_eq!(tape.samples.len(), 10);
        assert_eq!(tape.latencies(2_500_000, 3).len(), 3);
        assert_eq!(tape.count(2_500_000), 5);
    }

    #[test]
    fn what_hardly_ever_answers_is_dead() {
        let mut tape = tape();
        for number in 0..5 {
            assert!(!tape.is_dead());
            let mut failed = entry(number as u64);
            failed.sample.status = None;
            tape.take(number, failed);
        }
        assert!(tape.is_dead());
    }
}
