//! The trait `Channel`: one way to tell people. And how long one is tried.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::notice::Notice;

/// One way to tell people.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Names it for warnings, such as `slack ($SLACK_URL)`. No secret.
    fn name(&self) -> &str;

    /// Delivers one notice: one try. It is dropped when its time is up, and may then have been delivered all the same: whoever receives
    /// it knows it by its id.
    async fn deliver(&self, notice: &Notice) -> Result<(), NotDelivered>;
}

/// Why a notice was not delivered. No secret, no address.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotDelivered {
    /// Trying again may help.
    #[error("{0}")]
    ForNow(String),
    /// It will not.
    #[error("{0}")]
    ForGood(String),
}

/// How long a channel is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long one try may take.
    pub each: Duration,
    /// How many tries there are.
    pub tries: usize,
    /// How long to wait after the first; after each further one twice as long.
    pub pause: Duration,
}

impl Default for Patience {
    /// Four tries of 5 s, with pauses of 0.5 s, 1 s and 2 s between them.
    fn default() -> Self {
        Self { each: Duration::from_secs(5), tries: 4, pause: Duration::from_millis(500) }
    }
}
