//! What earlier runs measured: kept and read by whoever has a store.

use async_trait::async_trait;
use pipeline_core::{Fault, RunId};

use super::series::{Sample, Series};

/// Keeps what was measured, and finds it again.
#[async_trait]
pub trait History: Send + Sync {
    /// The last healthy runs of an endpoint, newest first; five are enough. Never one that was rolled back or alerted
    /// of: a slow release would make the next one look fast.
    async fn healthy(&self, endpoint: &str) -> Result<Vec<PastRun>, Fault>;

    /// Keeps what a run measured, whatever came of it.
    async fn keep(&self, run: &RunId, series: Vec<Series>) -> Result<(), Fault>;
}

/// What a healthy run measured of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// The samples of its new release: those of [`Role::New`](super::Role::New), of all its machines.
    pub samples: Vec<Sample>,
}
