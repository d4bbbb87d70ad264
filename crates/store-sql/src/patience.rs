//! Trying again while a server is away: only what does no harm when it is done twice.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::connection::silent;
use crate::error::StoreError;
use crate::store::Store;

/// The longest pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// How long one try may take: a server that has gone silent says nothing for ever.
const TRY: Duration = Duration::from_secs(10);

/// How long the events of a run wait for a server that is away: as long as the run itself goes on, which is the life of its
/// lock, half a minute, and the beat that finds it lost.
pub(crate) const OUTAGE: Duration = Duration::from_secs(40);

/// Shorter than this says nothing about a server.
const SHORT: Duration = Duration::from_secs(1);

impl Store {
    /// Does it, and again when the server was away or the file was somebody else's, until `patience` is over. What it does must come to the same when the
    /// try before was carried out without anybody hearing of it.
    pub(crate) async fn patiently<T, F>(
        &self,
        patience: Duration,
        attempt: impl Fn() -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let begun = Instant::now();
        if !self.is_server() {
            // Somebody may hold a file for longer than one try waits, such as while it is made smaller.
            loop {
                match attempt().await {
                    Err(StoreError::Busy { .. }) if begun.elapsed() < patience => {
                        sleep(Duration::from_millis(50)).await;
                    }
                    done => return done,
                }
            }
        }
        let limit = TRY.min(patience / 2).max(SHORT);
        let mut pause = Duration::from_millis(50).min(patience / 10);
        loop {
            let done = match timeout(limit, attempt()).await {
                Ok(done) => done,
                Err(_) => Err(self.wrong(silent(limit))),
            };
            match done {
                Err(error) if error.is_away() && begun.elapsed() + pause < patience => {
                    tracing::debug!(%error, "tried again");
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE);
                }
                done => return done,
            }
        }
    }
}
