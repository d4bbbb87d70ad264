//! Connections: how each kind of database is set up, and how many there are.

use std::io;
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection, Row};

use crate::address::Address;
use crate::classify::is_busy;
use crate::migrate::TABLES_OF_SCHEMA;

/// How long a statement waits for other processes before the store counts as busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Connections that read a file beside the one that writes.
const READERS: u32 = 3;

/// Connections to a server. More than one, so that one that has gone silent does not keep the lock from being renewed
/// over another.
const CONNECTIONS: u32 = 4;

/// The pool that writes and the one that reads.
pub(crate) fn pools(address: &Address) -> sqlx::Result<(AnyPool, AnyPool)> {
    let pool = |size| pool(address, size).connect_lazy(&address.to_url());
    Ok(match address {
        // One writer, because SQLite has one: whoever waits here waits in a queue, not in SQLite's polling.
        Address::File(_) => (pool(1)?, pool(READERS)?),
        // A second connection to memory would be a second store.
        Address::Memory => clones(pool(1)?),
        Address::Server(_) => clones(pool(CONNECTIONS)?),
    })
}

fn clones(pool: AnyPool) -> (AnyPool, AnyPool) {
    (pool.clone(), pool)
}

fn pool(address: &Address, size: u32) -> AnyPoolOptions {
    let server = address.is_server();
    let options = AnyPoolOptions::new()
        .max_connections(size)
        .idle_timeout(None)
        .max_lifetime(None)
        // A server may have been restarted since.
        .test_before_acquire(server)
        .after_connect(move |connection, _| Box::pin(prepare(connection, server)));
    if server { options.acquire_timeout(PATIENCE) } else { options }
}

/// Connects once outside the pools: they try again and again when a connection cannot be set up, and tell
/// in the end that time is up instead of what is wrong.
pub(crate) async fn probe(address: &Address) -> sqlx::Result<()> {
    let Address::Server(server) = address else { return look(address).await };
    match tokio::time::timeout(server.connect, look(address)).await {
        Ok(looked) => looked,
        Err(_) => Err(silent(server.connect)),
    }
}

async fn look(address: &Address) -> sqlx::Result<()> {
    let server = address.is_server();
    let mut connection = AnyConnection::connect(&address.to_url()).await?;
    prepare(&mut connection, server).await?;
    if !server {
        sqlx::query("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut connection).await?;
    }
    connection.close().await
}

/// Is there anything in the schema that a store on a server would be in?
pub(crate) async fn has_tables(address: &Address) -> sqlx::Result<bool> {
    probe(address).await?;
    let mut connection = AnyConnection::connect(&address.to_url()).await?;
    let tables = sqlx::query(TABLES_OF_SCHEMA).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(!tables.is_empty())
}

/// Nobody answered for so long.
pub(crate) fn silent(waited: Duration) -> sqlx::Error {
    let why = format!("no answer within {} s", waited.as_secs_f32());
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, why))
}

async fn prepare(connection: &mut AnyConnection, server: bool) -> sqlx::Result<()> {
    if server { prepare_postgres(connection).await } else { prepare_sqlite(connection).await }
}

/// What is committed must be on disk, whatever the server's default is; a process that has gone silent half-way through a
/// transaction must not keep its locks.
async fn prepare_postgres(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let patience = PATIENCE.as_millis();
    let settings = format!(
        "SET lock_timeout = {patience}; SET statement_timeout = {}; \
         SET idle_in_transaction_session_timeout = {}; SET client_min_messages = warning; \
         SELECT set_config('synchronous_commit', 'on', false) \
         WHERE current_setting('synchronous_commit') = 'off'",
        patience * 6,
        patience * 2,
    );
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(connection).await.map(drop)
}

/// `synchronous = FULL` is what makes a commit durable; WAL lets readers and the writer work side by side
/// (sqlite.org/wal.html).
async fn prepare_sqlite(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let patience = PATIENCE.as_millis();
    let settings = format!(
        "PRAGMA busy_timeout = {patience}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL"
    );
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut *connection).await?;
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
