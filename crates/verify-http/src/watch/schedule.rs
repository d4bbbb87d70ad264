//! When probes are sent: planned before, so that a slow answer delays none. Pure.

use std::time::Duration;

/// How long a watch looks closely after the switch.
pub(super) const CLOSE: Duration = Duration::from_secs(10);
/// The time between two probes while it does.
const CLOSELY: Duration = Duration::from_secs(1);

/// The times of all probes, from the beginning of the watch.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    window: Duration,
    every: Duration,
    next: Duration,
}

impl Schedule {
    /// Each second for 10 s, then `every`, up to the end of the window.
    pub(super) fn new(window: Duration, every: Duration) -> Self {
        Self { window, every, next: Duration::ZERO }
    }

    /// How many there are in all: reckoned, because a slip of a configuration has milliards.
    pub(super) fn planned(&self) -> usize {
        let (window, every) = (self.window.as_nanos(), self.every.as_nanos().max(1));
        let step = CLOSELY.as_nanos().min(every);
        let close = window.min(CLOSE.as_nanos()).div_ceil(step);
        let later = window.saturating_sub(close * step).div_ceil(every);
        usize::try_from(close + later).unwrap_or(usize::MAX)
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let now = self.next;
        // Who wants probes more often than each second gets them so from the beginning.
        self.next += if now < CLOSE { CLOSELY.min(self.every) } else { self.every };
        (now < self.window).then_some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(window: u64, every: u64) -> Vec<u64> {
        let (window, every) = (Duration::from_secs(window), Duration::from_secs(every));
        Schedule::new(window, every).map(|it| it.as_secs()).collect()
    }

    #[test]
    fn closely_at_first_and_then_at_its_pace() {
        assert_eq!(seconds(10, 5), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(seconds(30, 5)[8..], [8, 9, 10, 15, 20, 25]);
        assert_eq!(seconds(60, 5).len(), 20);
        let (window, every) = (Duration::from_secs(1), Duration::from_millis(500));
        assert_eq!(Schedule::new(window, every).count(), 2);
    }

    #[test]
    fn how_many_there_are_is_reckoned_without_making_them() {
        for (window, every) in [(1, 1), (500, 300), (10_000, 1_000), (10_500, 300), (60_000, 7_000)]
        {
            let times = Duration::from_millis;
            let schedule = Schedule::new(times(window), times(every));
            assert_eq!(schedule.planned(), schedule.clone().count(), "{window} {every}");
        }
        let slip = Schedule::new(Duration::from_hours(8784), Duration::from_nanos(1));
        assert_eq!(slip.planned(), 31_622_400_000_000_000);
    }
}
