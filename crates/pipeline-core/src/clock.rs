//! Wall time, for events and records, and for gates that are about it, such as a freeze: the engine decides nothing by it.

use std::time::SystemTime;

/// Tells the time. Any function that does is a clock: `SystemTime::now` is the usual one.
pub trait Clock: Send + Sync {
    /// What time it is.
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send + Sync> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}
