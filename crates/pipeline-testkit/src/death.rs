//! Killing a run, as `kill -9` would: what was running is dropped where it is and never comes back.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;

use futures::future::{Either, select};
use tokio::sync::watch;

/// Says when a run must die. Cloning gives another handle to the same death.
#[derive(Clone, Debug)]
pub struct Death(Arc<watch::Sender<bool>>);

impl Death {
    /// Nobody is dead yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// The run dies here: this never returns.
    pub async fn comes(&self) {
        self.0.send_replace(true);
        pending::<()>().await;
    }

    /// Did it come?
    #[must_use]
    pub fn came(&self) -> bool {
        *self.0.borrow()
    }
}

impl Default for Death {
    fn default() -> Self {
        Self::new()
    }
}

/// Drives a run until it ends, or until death comes; then it is dropped and there is no answer.
///
/// ```
/// use pipeline_core::{Pipeline, Step};
/// use pipeline_testkit::*;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let target = FakeTarget::rolling(["v1", "v1"]).dying_after(1);
/// let mut journal = MemoryJournal::new();
/// let pipeline = Pipeline::to(Step::deployer(target.clone())).build()?;
/// assert!(unless_dead(pipeline.run(&a_run("v2"), &mut journal), &target.death()).await.is_none());
/// assert_eq!(target.serving(), ["v1", "v2"]);
///
/// let pipeline = Pipeline::to(Step::deployer(target.revived())).build()?;
/// let records = journal.records();
/// pipeline.resume(&a_run("v2"), &records, &mut journal).await?;
/// assert_eq!(target.serving(), ["v2"]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub async fn unless_dead<T>(run: impl Future<Output = T>, death: &Death) -> Option<T> {
    let mut heard = death.0.subscribe();
    let died = heard.wait_for(|died| *died);
    match select(pin!(run), pin!(died)).await {
        Either::Left((end, _)) => Some(end),
        Either::Right(_) => None,
    }
}
