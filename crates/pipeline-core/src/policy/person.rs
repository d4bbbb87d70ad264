//! The trait `Person`: who is asked where the policy does not decide alone.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Decision, Failure};

/// Somebody who can be asked about a failure while a run waits.
#[async_trait]
pub trait Person: Send + Sync {
    /// What to do about it; `None` where there is no answer, or none in time. Waiting no longer than a
    /// person can be expected to take is the implementer's own business; when the run is asked to stop, the
    /// question is dropped.
    async fn decide(&self, failure: &Failure) -> Option<Decision>;
}

/// A person, or nobody.
#[derive(Clone, Default)]
pub(crate) struct Someone(pub(crate) Option<Arc<dyn Person>>);

impl fmt::Debug for Someone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "a person" } else { "nobody" })
    }
}
