//! How long machines take from being told to run until their checks pass: what a cold start costs at the platform, the
//! way of the image there included. As fine as machines are looked at (`poll`).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The slowest one since it was last asked for.
#[derive(Debug, Default)]
pub(crate) struct Boots(Mutex<Option<Duration>>);

impl Boots {
    /// Takes down that a machine has become well.
    pub(crate) fn note(&self, took: Duration) {
        let mut slowest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *slowest = (*slowest).max(Some(took));
    }

    /// The slowest so far, in milliseconds; after that it begins anew.
    pub(crate) fn take(&self) -> Option<u64> {
        let slowest = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        slowest.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_is_told_once() {
        let boots = Boots::default();
        assert_eq!(boots.take(), None);
        for seconds in [2, 5, 3] {
            boots.note(Duration::from_secs(seconds));
        }
        assert_eq!((boots.take(), boots.take()), (Some(5_000), None));
    }
}
