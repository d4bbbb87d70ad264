//! How long a step may take, and how often it may be tried.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A step's limits.
///
/// ```
/// use std::num::NonZeroU32;
/// use std::time::Duration;
/// use pipeline_core::Limits;
///
/// let patient = Limits::once().timeout(Duration::from_mins(30)).attempts(NonZeroU32::new(3).unwrap());
/// assert_eq!(patient.grace, Duration::from_secs(10));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How long one try may take before it is asked to stop.
    pub timeout: Duration,
    /// How long it then has to end well before it is dropped.
    pub grace: Duration,
    /// How many tries there are, for transient faults only.
    pub attempts: NonZeroU32,
    /// How long to wait between them.
    pub backoff: Backoff,
}

impl Limits {
    /// Ten minutes, ten seconds of grace, one try.
    #[must_use]
    pub fn once() -> Self {
        Self {
            timeout: Duration::from_mins(10),
            grace: Duration::from_secs(10),
            attempts: NonZeroU32::MIN,
            backoff: Backoff::default(),
        }
    }

    /// The same with another time-out.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same with another grace.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The same with more tries.
    #[must_use]
    pub fn attempts(mut self, attempts: NonZeroU32) -> Self {
        self.attempts = attempts;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::once()
    }
}

/// Waits that double and are capped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// The wait after the first try.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
}

impl Backoff {
    /// The wait after try number `attempt`, counted from 1.
    #[must_use]
    pub fn after(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.most)
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), most: Duration::from_secs(10) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_never_overflow() {
        let backoff = Backoff::default();
        let waits: Vec<_> =
            [1, 2, 3, 5, 6, 99, u32::MAX].map(|n| backoff.after(n).as_millis()).into();
        assert_eq!(waits, [500, 1_000, 2_000, 8_000, 10_000, 10_000, 10_000]);
    }
}
