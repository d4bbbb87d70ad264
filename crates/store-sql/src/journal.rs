//! The journal of a run in the store: durable, in order, and closed to whoever lost the lock.

use async_trait::async_trait;
use pipeline_core::{Fault, Journal, Record, RunId};
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use crate::error::StoreError;
use crate::lock::{Claim, Lock};
use crate::store::Store;
use crate::word::Columns;

/// The number of a deployment that was brought back: after how many milliseconds users had it again.
const TRAFFIC_BACK: &str = "traffic_back_ms";

/// Keeps a run's records while the lock it was made with holds.
///
/// Each append is one transaction: it shows that the lock is still the newest one of its target, renews
/// it, and adds the record. When another has taken the lock the fault is permanent, says who, and nothing
/// is written. An append whose future is dropped half way keeps the record wholly or not at all, before
/// anything that is written later.
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
        let select = sqlx::query("SELECT seq, record FROM journal WHERE run = $1 ORDER BY seq");
        let rows = select.bind(run.to_string()).fetch_all(self.reader()).await;
        let rows = rows.map_err(|error| self.wrong(error))?;
        let read = |(number, row): (i64, &AnyRow)| {
            if row.try_get("seq").is_ok_and(|seq: i64| seq != number) {
                let (path, run) = (self.path().to_owned(), run.to_string());
                return Err(StoreError::Missing { path, run, number });
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
    async fn keep(&self, record: &Record) -> Result<(), StoreError> {
        let text = serde_json::to_string(record).expect("a record is plain data");
        let mut tx = self.store.write().await?;
        self.store.renew(&self.claim, &mut tx).await?;
        self.insert(text, &mut tx).await?;
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

    async fn insert(&self, text: String, tx: &mut Transaction<'_, Any>) -> Result<(), StoreError> {
        let insert = sqlx::query(
            "INSERT INTO journal (run, seq, at, fence, record) \
             SELECT id, (SELECT COALESCE(MAX(seq), 0) + 1 FROM journal WHERE run = $1), $3, $4, $5 \
             FROM runs WHERE id = $1 AND target = $2",
        );
        let insert = insert
            .bind(self.run.to_string())
            .bind(self.claim.target.clone())
            .bind(self.store.now_ms())
            .bind(self.claim.fence)
            .bind(text);
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
