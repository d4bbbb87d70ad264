//! The format of the database: numbered SQL files, each applied once, all in one transaction.

use std::borrow::Cow;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::error::StoreError;
use crate::store::Store;

/// The format that this build writes is the number of these.
const MIGRATIONS: [&str; 8] = [
    include_str!("../migrations/0001_runs.sql"),
    include_str!("../migrations/0002_measurements.sql"),
    include_str!("../migrations/0003_traffic_back.sql"),
    include_str!("../migrations/0004_roles.sql"),
    include_str!("../migrations/0005_promotes.sql"),
    include_str!("../migrations/0006_packed.sql"),
    include_str!("../migrations/0007_measured.sql"),
    include_str!("../migrations/0008_machines.sql"),
];

/// Brings a new or older store to the format of this build; refuses a newer one and what is no store.
pub(crate) async fn up_to_date(store: &Store) -> Result<(), StoreError> {
    // Other processes that open the store now wait here, and find the work done.
    let mut tx = store.write().await?;
    alone(store, &mut tx).await.map_err(|error| store.wrong(error))?;
    let found = format(store, &mut tx).await?;
    let missing = usize::try_from(found).ok().and_then(|found| MIGRATIONS.get(found..));
    let Some(missing) = missing else {
        let known = i64::try_from(MIGRATIONS.len()).expect("there are few migrations");
        return Err(StoreError::Newer { place: store.place(), found, known });
    };
    if missing.is_empty() {
        return writable(&mut tx).await.map_err(|error| store.wrong(error));
    }
    for (version, migration) in (found + 1..).zip(missing) {
        let migration = in_words_of(store, migration);
        let applied = apply(&mut tx, migration, (version, store.now_ms())).await;
        applied.map_err(|error| match store.wrong(error) {
            StoreError::Sql { place, source } => StoreError::Upgrade { place, version, source },
            known => known,
        })?;
    }
    store.commit(tx).await
}

/// A store that may only be read fails this; beginning a transaction would not. Writes nothing.
async fn writable(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let nothing = sqlx::query("UPDATE schema_version SET applied = applied WHERE version < 0");
    nothing.execute(connection).await.map(drop)
}

/// The number of the advisory lock under which a format is changed: "pipeline" in ASCII.
const UPGRADE: i64 = 0x7069_7065_6c69_6e65;

/// Nobody else changes the format until the transaction ends. In a file it is the only one anyway.
async fn alone(store: &Store, connection: &mut AnyConnection) -> sqlx::Result<()> {
    if !store.is_server() {
        return Ok(());
    }
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)::text").bind(UPGRADE);
    lock.execute(connection).await.map(drop)
}

const TABLES_OF_FILE: &str = "SELECT name FROM sqlite_master WHERE type = 'table'";

/// Also those that the user may not see: the information schema would leave them out.
pub(crate) const TABLES_OF_SCHEMA: &str = "SELECT relname::text FROM pg_catalog.pg_class \
     WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema()) \
     AND relkind IN ('r', 'p', 'f')";

/// The format the store is in: 0 for a new one.
async fn format(store: &Store, connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let wrong = |error| store.wrong(error);
    let tables = if store.is_server() { TABLES_OF_SCHEMA } else { TABLES_OF_FILE };
    let tables = sqlx::query(tables).fetch_all(&mut *connection).await.map_err(wrong)?;
    if tables.is_empty() {
        return Ok(0);
    }
    // Other programs keep a `schema_version` too.
    let has = |wanted| {
        let named = |row: &AnyRow| row.try_get(0).is_ok_and(|name: &str| name == wanted);
        tables.iter().any(named)
    };
    if !["schema_version", "counters", "runs"].into_iter().all(has) {
        return Err(StoreError::Foreign { place: store.place() });
    }
    let version = sqlx::query("SELECT COALESCE(MAX(version), 0) FROM schema_version");
    let version = version.fetch_one(connection).await.map_err(wrong)?;
    version.try_get(0).map_err(wrong)
}

/// The one word in which the databases differ.
fn in_words_of(store: &Store, migration: &'static str) -> Cow<'static, str> {
    if store.is_server() { migration.replace(" BLOB", " BYTEA").into() } else { migration.into() }
}

async fn apply(
    connection: &mut AnyConnection,
    migration: Cow<'static, str>,
    (version, at): (i64, i64),
) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(migration.into_owned())).execute(&mut *connection).await?;
    sqlx::query("INSERT INTO schema_version (version, applied) VALUES ($1, $2)")
        .bind(version)
        .bind(at)
        .execute(connection)
        .await
        .map(drop)
}
