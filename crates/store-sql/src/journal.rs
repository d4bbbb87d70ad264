//! The journal of a run in the store: durable, in order, and closed to whoever lost the lock.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use pipeline_core::{Fault, Journal, Record, RunId};
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use crate::error::StoreError;
use crate::lock::{Claim, Lock};
use crate::select::Select;
use crate::store::Store;
use crate::word::Columns;

/// The number of a deployment that was brought back: after how many milliseconds users had it again.
const TRAFFIC_BACK: &str = "traffic_back_ms";

/// Keeps a run's records while the lock it was made with holds.
///
/// Each append is one transaction: it shows that the lock is still the newest one of its target, renews
/// it, and adds the record. When another has taken the lock the fault is permanent, says who, and nothing
/// is written. An append whose future is dropped half way keeps the record wholly or not at all, before
/// anything that is written later. While the server is away an append waits, as long as the lock lives; a record
/// whose keeping nobody heard of is looked for, and never kept twice.
#[derive(Debug)]
pub struct SqlJournal {
    store: Store,
    run: RunId,
    claim: Claim,
}

impl Store {
    /// The journal of a run of the lock's target.
    #[must_use]
    pub fn journal(&self, run: &RunId, lock: &Lock) -> SqlJournal {
        SqlJournal { store: self.clone(), run: run.clone(), claim: lock.claim().clone() }
    }

    /// The records of a run, in order.
    pub async fn records(&self, run: &RunId) -> Result<Vec<Record>, StoreError> {
        let select = Select::new("SELECT seq, record FROM journal WHERE run = ");
        let rows = self.rows(&select.text("", run.as_str()).sql(" ORDER BY seq")).await?;
        let read = |(number, row): (i64, &AnyRow)| {
            if row.try_get("seq").is_ok_and(|seq: i64| seq != number) {
                let (place, run) = (self.place(), run.to_string());
                return Err(StoreError::Missing { place, run, number });
            }
            Columns(row).json("record").map_err(|broken| {
                StoreError::unreadable(format!("record {number} of the run `{run}`"), broken)
            })
        };
        (1..).zip(&rows).map(read).collect()
    }
}

#[async_trait]
impl Journal for SqlJournal {
    async fn append(&mut self, record: &Record) -> Result<(), Fault> {
        Ok(self.keep(record).await?)
    }
}

impl SqlJournal {
    /// Keeps the record once, however often the way to the store is lost until the lock would expire.
    async fn keep(&self, record: &Record) -> Result<(), StoreError> {
        let text = serde_json::to_string(record).expect("a record is plain data");
        // The number that the last try would have given it, if it got so far.
        let tried = AtomicI64::new(0);
        let attempt = || self.try_to_keep(record, &text, &tried);
        self.store.patiently(self.claim.ttl, attempt).await
    }

    async fn try_to_keep(
        &self,
        record: &Record,
        text: &str,
        tried: &AtomicI64,
    ) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        // Waits until a try that was cut off is over for the server too: it has this row.
        self.store.renew(&self.claim, &mut tx).await?;
        if self.is_kept(text, tried.load(Ordering::SeqCst), &mut tx).await? {
            return self.store.commit(tx).await;
        }
        let number = self.next_number(&mut tx).await?;
        tried.store(number, Ordering::SeqCst);
        self.insert(text, number, &mut tx).await?;
        match record {
            Record::Built { artifact } => self.set_image(&artifact.reference, &mut tx).await?,
            Record::Restored { deployment } => {
                if let Some(took) = deployment.numbers.get(TRAFFIC_BACK) {
                    self.set_traffic_back(*took, &mut tx).await?;
                }
            }
            _ => {}
        }
        self.store.commit(tx).await
    }

    /// Was it kept by a try of which nobody heard?
    async fn is_kept(
        &self,
        text: &str,
        number: i64,
        tx: &mut Transaction<'_, Any>,
    ) -> Result<bool, StoreError> {
        if number == 0 {
            return Ok(false);
        }
        let select =
            "SELECT seq FROM journal WHERE run = $1 AND seq = $2 AND fence = $3 AND record = $4";
        let select = sqlx::query(select).bind(self.run.to_string()).bind(number);
        let select = select.bind(self.claim.fence).bind(text.to_owned());
        let found = select.fetch_optional(&mut **tx).await;
        found.map(|row| row.is_some()).map_err(|error| self.store.wrong(error))
    }

    async fn next_number(&self, tx: &mut Transaction<'_, Any>) -> Result<i64, StoreError> {
        let next = "SELECT COALESCE(MAX(seq), 0) + 1 FROM journal WHERE run = $1";
        let next = sqlx::query(next).bind(self.run.to_string()).fetch_one(&mut **tx).await;
        next.and_then(|row| row.try_get(0)).map_err(|error| self.store.wrong(error))
    }

    async fn insert(
        &self,
        text: &str,
        number: i64,
        tx: &mut Transaction<'_, Any>,
    ) -> Result<(), StoreError> {
        let insert = sqlx::query(
            "INSERT INTO journal (run, seq, at, fence, record) \
             SELECT id, $3, $4, $5, $6 FROM runs WHERE id = $1 AND target = $2",
        );
        let insert = insert
            .bind(self.run.to_string())
            .bind(self.claim.target.clone())
            .bind(number)
            .bind(self.store.now_ms())
            .bind(self.claim.fence)
            .bind(text.to_owned());
        let done = insert.execute(&mut **tx).await.map_err(|error| self.store.wrong(error))?;
        match done.rows_affected() {
            0 => Err(self.store.no_run(&self.run, Some(&self.claim.target))),
            _ => Ok(()),
        }
    }

    /// History tells what a run deployed, also while it runs.
    async fn set_image(
        &self,
        image: &str,
        tx: &mut Transaction<'_, Any>,
    ) -> Result<(), StoreError> {
        let update = sqlx::query("UPDATE runs SET image = $2 WHERE id = $1");
        let update = update.bind(self.run.to_string()).bind(image.to_owned());
        update.execute(&mut **tx).await.map(drop).map_err(|error| self.store.wrong(error))
    }

    /// A list of runs tells it without reading their journals.
    async fn set_traffic_back(
        &self,
        took: u64,
        tx: &mut Transaction<'_, Any>,
    ) -> Result<(), StoreError> {
        let took = i64::try_from(took).unwrap_or(i64::MAX);
        let update = sqlx::query("UPDATE runs SET traffic_back = $2 WHERE id = $1");
        let update = update.bind(self.run.to_string()).bind(took);
        update.execute(&mut **tx).await.map(drop).map_err(|error| self.store.wrong(error))
    }
}
