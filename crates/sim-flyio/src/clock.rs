//! Time as the simulator tells it: wall time read once, then moved on by tokio's clock, so that
//! a test which pauses tokio's clock pauses leases, checks and events with it.

use jiff::Timestamp;
use tokio::time::Instant;

/// Milliseconds since the Unix epoch.
pub(crate) type Millis = i64;

/// A wall clock that only ever moves forward.
#[derive(Debug)]
pub(crate) struct Clock {
    epoch: Millis,
    began: Instant,
}

impl Clock {
    /// Starts at `epoch`, or at the current wall time; the only place of the simulator that reads
    /// it.
    pub(crate) fn start(epoch: Option<Timestamp>) -> Self {
        let epoch = epoch.unwrap_or_else(Timestamp::now).as_millisecond();
        Self { epoch, began: Instant::now() }
    }

    pub(crate) fn now(&self) -> Millis {
        self.epoch + i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX / 2)
    }
}

/// `2026-08-14T09:57:35.120Z`
pub(crate) fn rfc3339(at: Millis) -> String {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX).to_string()
}

/// `2026-08-14T09:57:35.120Z`, always with three digits.
pub(crate) fn rfc3339_millis(at: Millis) -> String {
    format!("{:.3}", Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX))
}

/// `2026-08-14T09:57:35Z`, as lease conflicts print it.
pub(crate) fn rfc3339_seconds(at: Millis) -> String {
    rfc3339(at - at.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_in_utc_with_and_without_milliseconds() {
        assert_eq!(rfc3339(1_786_701_455_120), "2026-08-14T09:57:35.12Z");
        assert_eq!(rfc3339_seconds(1_786_701_455_120), "2026-08-14T09:57:35Z");
    }
}
