//! The store itself: opening it, and the ways to its database.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use pipeline_core::{Clock, RunId};
use sqlx::any::AnyRow;
use sqlx::{Any, AnyPool, Transaction};

use crate::address::Address;
use crate::connection::{self, PATIENCE};
use crate::error::StoreError;
use crate::migrate;
use crate::place::Place;
use crate::select::Select;

/// Runs, journal, events, measurements and locks. Cheap to clone; clones share their connections, and
/// several processes may use one file at the same time.
#[derive(Clone)]
pub struct Store {
    writer: AnyPool,
    reader: AnyPool,
    clock: Arc<dyn Clock>,
    address: Arc<Address>,
}

impl Store {
    /// Opens the store at `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`. Makes a file and its folder where
    /// there are none, the tables in any case, and brings an older format up to date. `sqlite::memory:` is a store of
    /// its own that ends with the value.
    ///
    /// All times in the store are told by `clock`. No error holds the address's user or password.
    pub async fn open(url: &str, clock: impl Clock + 'static) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let address = Address::parse(url)?;
        address.create()?;
        connection::probe(&address)
            .await
            .map_err(|error| StoreError::sql(address.place(), error))?;
        let (writer, reader) =
            connection::pools(&address).map_err(|error| StoreError::sql(address.place(), error))?;
        let store = Self { writer, reader, clock: Arc::new(clock), address: Arc::new(address) };
        migrate::up_to_date(&store).await?;
        Ok(store)
    }

    /// Is there a store at this address already? Makes none.
    pub async fn exists(url: &str) -> Result<bool, StoreError> {
        sqlx::any::install_default_drivers();
        match Address::parse(url)? {
            Address::Memory => Ok(false),
            Address::File(path) => Ok(path.exists()),
            address @ Address::Server(_) => {
                address.create()?;
                let found = connection::has_tables(&address).await;
                found.map_err(|error| StoreError::sql(address.place(), error))
            }
        }
    }

    /// Closes the connections of this store and of its clones, and waits until they are closed.
    pub async fn close(self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// For statements that cannot stand in a transaction.
    pub(crate) fn writer(&self) -> &AnyPool {
        &self.writer
    }

    /// Where queries that only read go.
    #[cfg(test)]
    pub(crate) fn reader(&self) -> &AnyPool {
        &self.reader
    }

    /// Begins a transaction that writes. Dropped before its end, it leaves nothing.
    ///
    /// In a file it is the only one. On a server several go on at once, and each takes the locks on rows that it needs:
    /// run numbers wait for each other at their counter, whoever writes under a target's lock at that, and what is added
    /// to a run at the run.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begun = match *self.address {
            Address::Server(_) => {
                self.writer.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await
            }
            // At once, because a transaction that reads first may find that it must not write any more.
            _ => self.writer.begin_with("BEGIN IMMEDIATE").await,
        };
        match begun {
            Err(sqlx::Error::PoolTimedOut) => Err(self.why_not().await),
            begun => begun.map_err(|error| self.wrong(error)),
        }
    }

    /// Keeps others from adding to a run until the transaction ends. A file has one writer anyway.
    pub(crate) async fn hold(
        &self,
        run: &RunId,
        tx: &mut Transaction<'static, Any>,
    ) -> sqlx::Result<()> {
        if !self.address.is_server() {
            return Ok(());
        }
        let hold = sqlx::query("SELECT id FROM runs WHERE id = $1 FOR NO KEY UPDATE");
        hold.bind(run.to_string()).execute(&mut **tx).await.map(drop)
    }

    /// Reads rows; once more if the connection was lost.
    pub(crate) async fn rows(&self, select: &Select) -> Result<Vec<AnyRow>, StoreError> {
        self.patiently(PATIENCE, || self.try_to_read(select)).await
    }

    async fn try_to_read(&self, select: &Select) -> Result<Vec<AnyRow>, StoreError> {
        match select.all(&self.reader).await {
            Err(sqlx::Error::PoolTimedOut) => Err(self.why_not().await),
            read => read.map_err(|error| self.wrong(error)),
        }
    }

    /// Why no connection was free in time.
    async fn why_not(&self) -> StoreError {
        match connection::probe(&self.address).await {
            Err(error) => self.wrong(error),
            Ok(()) => StoreError::Busy { place: self.place() },
        }
    }

    /// Ends a transaction. Once this returns, what it wrote is durable.
    pub(crate) async fn commit(&self, tx: Transaction<'static, Any>) -> Result<(), StoreError> {
        tx.commit().await.map_err(|error| self.wrong(error))
    }

    /// An error of the database, with its place.
    pub(crate) fn wrong(&self, error: sqlx::Error) -> StoreError {
        StoreError::sql(self.place(), error)
    }

    /// Where the store is, without user and password.
    #[must_use]
    pub fn place(&self) -> Place {
        self.address.place()
    }

    pub(crate) fn is_server(&self) -> bool {
        self.address.is_server()
    }

    /// Now, to the millisecond: as it will be read back.
    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::try_from(self.clock.now()).unwrap_or(Timestamp::MAX);
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(Timestamp::MAX)
    }

    /// Now, as it is stored.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("place", &self.place()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use sqlx::Row;

    use super::*;

    #[tokio::test]
    async fn every_connection_is_durable_patient_and_keeps_references() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/store.db", folder.path().display());
        let store = Store::open(&url, || SystemTime::UNIX_EPOCH).await.unwrap();
        for pool in [&store.writer, &store.reader] {
            let ask = "SELECT (SELECT synchronous FROM pragma_synchronous) || ' ' || \
                       (SELECT foreign_keys FROM pragma_foreign_keys) || ' ' || \
                       (SELECT timeout FROM pragma_busy_timeout) || ' ' || \
                       (SELECT journal_mode FROM pragma_journal_mode)";
            let row = sqlx::query(ask).fetch_one(pool).await.unwrap();
            assert_eq!(row.get::<String, _>(0), "2 1 10000 wal");
        }
    }
}
