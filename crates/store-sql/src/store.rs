//! The store itself: opening it, and the two ways to its database.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pipeline_core::Clock;
use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Row, Transaction};

use crate::address::Address;
use crate::error::{StoreError, is_busy};
use crate::migrate;

/// How long a statement waits for other processes before the store counts as busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections that read beside the one that writes.
const READERS: u32 = 3;

/// Runs, journal, events, measurements and locks. Cheap to clone; clones share their connections, and
/// several processes may use one file at the same time.
#[derive(Clone)]
pub struct Store {
    // One writer, because SQLite has one: whoever waits here waits in a queue, not in SQLite's polling.
    writer: AnyPool,
    reader: AnyPool,
    clock: Arc<dyn Clock>,
    path: Arc<Path>,
}

impl Store {
    /// Opens the store at `sqlite:PATH`. Makes the file and its folder where there are none, and brings an
    /// older format up to date. `sqlite::memory:` is a store of its own that ends with the value.
    ///
    /// All times in the store are told by `clock`.
    pub async fn open(url: &str, clock: impl Clock + 'static) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let address = Address::parse(url)?;
        address.create()?;
        let wrong = |error| StoreError::sql(address.path(), error);
        probe(&address).await.map_err(wrong)?;
        let pool = |size| pool(size).connect_lazy(&address.to_url());
        let writer = pool(1).map_err(wrong)?;
        // A second connection to memory would be a second store.
        let reader = match address {
            Address::Memory => writer.clone(),
            Address::File(_) => pool(READERS).map_err(wrong)?,
        };
        let store = Self { writer, reader, clock: Arc::new(clock), path: address.path().into() };
        migrate::up_to_date(&store).await?;
        Ok(store)
    }

    /// Closes the connections of this store and of its clones, and waits until they are closed.
    pub async fn close(self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// Where queries that only read go.
    pub(crate) fn reader(&self) -> &AnyPool {
        &self.reader
    }

    /// Begins a transaction that writes. Dropped before its end, it leaves nothing.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        // At once, because a transaction that reads first may find that it must not write any more.
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.wrong(error))
    }

    /// Ends a transaction. Once this returns, what it wrote is durable.
    pub(crate) async fn commit(&self, tx: Transaction<'static, Any>) -> Result<(), StoreError> {
        tx.commit().await.map_err(|error| self.wrong(error))
    }

    /// An error of the database, with the file's name.
    pub(crate) fn wrong(&self, error: sqlx::Error) -> StoreError {
        StoreError::sql(&self.path, error)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
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
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

fn pool(size: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(prepare(connection)))
}

/// Connects once outside the pools: they try again and again when a connection cannot be set up, and tell
/// in the end that time is up instead of what is wrong with the file.
async fn probe(address: &Address) -> sqlx::Result<()> {
    let mut connection = AnyConnection::connect(&address.to_url()).await?;
    prepare(&mut connection).await?;
    sqlx::query("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut connection).await?;
    connection.close().await
}

/// Sets up a connection. `synchronous = FULL` is what makes a commit durable; WAL lets readers and the
/// writer work side by side (sqlite.org/wal.html).
async fn prepare(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let patience = PATIENCE.as_millis();
    let settings = format!(
        "PRAGMA busy_timeout = {patience}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(settings)).execute(&mut *connection).await?;
    let pause = Duration::from_millis(5);
    let mut waited = Duration::ZERO;
    // Two processes that switch a new file to WAL at the same time are not made to wait by the patience
    // above: one is told at once that the file is busy.
    loop {
        let mode = sqlx::query("PRAGMA journal_mode = WAL").fetch_one(&mut *connection).await;
        match mode.and_then(|row| row.try_get::<String, _>(0)) {
            Err(error) if is_busy(&error) && waited < PATIENCE => {
                tokio::time::sleep(pause).await;
                waited += pause;
            }
            other => return other.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

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
