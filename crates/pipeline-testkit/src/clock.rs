//! A clock that stands still.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use pipeline_core::Clock;

/// Says the same time until somebody moves it on. Cloning gives another handle to the same clock.
///
/// ```
/// use std::time::Duration;
/// use pipeline_core::Clock;
/// use pipeline_testkit::StoppedClock;
///
/// let clock = StoppedClock::new();
/// let before = clock.now();
/// assert_eq!(clock.now(), before);
/// clock.move_on(Duration::from_secs(5));
/// assert_eq!(clock.now(), before + Duration::from_secs(5));
/// ```
#[derive(Clone, Debug)]
pub struct StoppedClock(Arc<Mutex<SystemTime>>);

impl StoppedClock {
    /// Stands at 2026-03-25 14:32:00 UTC.
    #[must_use]
    pub fn new() -> Self {
        Self::at(SystemTime::UNIX_EPOCH + Duration::from_mins(29_574_152))
    }

    /// Stands at this time.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// Moves it on.
    pub fn move_on(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Default for StoppedClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
