//! Latencies as they were taken, some of them cut off by a timeout.

use std::borrow::Cow;

use thiserror::Error;

use crate::quantile;

/// How long one request took, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Latency {
    /// The answer came after so long.
    Measured(f64),
    /// No answer came in so long, and nobody waited any longer: the true latency is larger.
    TimedOut(f64),
}

/// The latencies of one stratum (an endpoint, or an endpoint on one machine) in the order taken.
///
/// A timeout ranks as the largest of its sample. Where its value matters, the most favourable one is taken:
/// it lasted as long as it was waited for, or as the slowest answer, whichever is longer. So a ratio that is
/// called too high is too high in truth; and what passes is asked to pass even had the timeouts lasted
/// for ever. Requests that failed in another way have no latency and do not belong here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latencies {
    taken: Vec<Latency>,
    /// Ascending; the timeouts are the last ones.
    sorted: Vec<f64>,
    timed_out: usize,
}

/// A number that is no latency.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[error(
    "latency {index} is {ms} ms; it must be a number above 0, so do not record failed requests"
)]
pub struct BadLatency {
    /// Which one, from 0.
    pub index: usize,
    /// The number.
    pub ms: f64,
}

impl Latency {
    /// The milliseconds: how long it took, or how long it was waited for.
    #[must_use]
    pub fn ms(self) -> f64 {
        let (Self::Measured(ms) | Self::TimedOut(ms)) = self;
        ms
    }
}

impl Latencies {
    /// Takes them in their order. Refuses what is not a number, infinite, zero or negative. None at all is fine.
    pub fn new(taken: impl IntoIterator<Item = Latency>) -> Result<Self, BadLatency> {
        let taken: Vec<Latency> = taken.into_iter().collect();
        let bad = |it: &Latency| !(it.ms().is_finite() && it.ms() > 0.0);
        match taken.iter().position(bad) {
            Some(index) => Err(BadLatency { index, ms: taken[index].ms() }),
            None => Ok(Self::of(taken)),
        }
    }

    /// Latencies that were all measured, in milliseconds.
    pub fn measured(ms: impl IntoIterator<Item = f64>) -> Result<Self, BadLatency> {
        Self::new(ms.into_iter().map(Latency::Measured))
    }

    /// The first `count` of them, or all if there are fewer.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        Self::of(self.taken[..count.min(self.len())].to_vec())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.taken.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// How many are timeouts.
    #[must_use]
    pub fn timed_out(&self) -> usize {
        self.timed_out
    }

    /// All of them, in the order taken.
    #[must_use]
    pub fn taken(&self) -> &[Latency] {
        &self.taken
    }

    /// The median in milliseconds; 0 if there is none.
    #[must_use]
    pub fn median_ms(&self) -> f64 {
        quantile::interpolated(&self.sorted, 0.5)
    }

    /// The 90th percentile in milliseconds, between two values by linear interpolation; 0 if there is none.
    #[must_use]
    pub fn p90_ms(&self) -> f64 {
        quantile::interpolated(&self.sorted, quantile::P90)
    }

    /// The `q` quantile in milliseconds, where so many were taken that it can be told: that some latency
    /// lies above the true quantile is 95 % sure from 5 for the median, 29 for p90, 59 for p95, 299 for p99.
    ///
    /// `None` below that, and for a `q` that is not between 0 and 1.
    #[must_use]
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        (self.len() >= quantile::samples_needed(q)?)
            .then(|| quantile::interpolated(&self.sorted, q))
    }

    /// Ascending, timeouts at their most favourable.
    pub(crate) fn at_least(&self) -> &[f64] {
        &self.sorted
    }

    /// Ascending, had the timeouts lasted for ever.
    pub(crate) fn at_most(&self) -> Cow<'_, [f64]> {
        if self.timed_out == 0 {
            return Cow::Borrowed(&self.sorted);
        }
        let mut sorted = self.sorted.clone();
        let measured = self.len() - self.timed_out;
        sorted[measured..].fill(f64::INFINITY);
        Cow::Owned(sorted)
    }

    fn of(taken: Vec<Latency>) -> Self {
        let is_measured = |it: &&Latency| matches!(it, Latency::Measured(_));
        let mut sorted: Vec<f64> = taken.iter().filter(is_measured).map(|it| it.ms()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let slowest = sorted.last().copied().unwrap_or_default();
        let measured = sorted.len();
        let cut = taken.iter().filter(|it| !is_measured(it)).map(|it| it.ms().max(slowest));
        sorted.extend(cut);
        sorted[measured..].sort_unstable_by(f64::total_cmp);
        Self { timed_out: taken.len() - measured, taken, sorted }
    }
}
