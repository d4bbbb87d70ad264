//! The format of the database: numbered SQL files, each applied once, all in one transaction.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::store::Store;

/// The format that this build writes is the number of these.
const MIGRATIONS: [&str; 4] = [
    include_str!("../migrations/0001_runs.sql"),
    include_str!("../migrations/0002_measurements.sql"),
    include_str!("../migrations/0003_traffic_back.sql"),
    include_str!("../migrations/0004_roles.sql"),
];

/// Brings a new or older store to the format of this build; refuses a newer one and what is no store.
pub(crate) async fn up_to_date(store: &Store) -> Result<(), StoreError> {
    // Other processes that open the file now wait here, and find the work done.
    let mut tx = store.write().await?;
    let found = format(store, &mut tx).await?;
    let missing = usize::try_from(found).ok().and_then(|found| MIGRATIONS.get(found..));
    let Some(missing) = missing else {
        let known = i64::try_from(MIGRATIONS.len()).expect("there are few migrations");
        return Err(StoreError::Newer { path: store.path().to_owned(), found, known });
    };
    if missing.is_empty() {
        return writable(&mut tx).await.map_err(|error| store.wrong(error));
    }
    for (version, migration) in (found + 1..).zip(missing) {
        let applied = apply(&mut tx, migration, (version, store.now_ms())).await;
        applied.map_err(|error| match store.wrong(error) {
            StoreError::Sql { path, source } => StoreError::Upgrade { path, version, source },
            known => known,
        })?;
    }
    store.commit(tx).await
}

/// A file that may only be read fails this; beginning a transaction would not. Writes nothing.
async fn writable(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let nothing = sqlx::query("UPDATE schema_version SET applied = applied WHERE version < 0");
    nothing.execute(connection).await.map(drop)
}

/// The format the file is in: 0 for a new one.
async fn format(store: &Store, connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let wrong = |error| store.wrong(error);
    let tables = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table'");
    let tables = tables.fetch_all(&mut *connection).await.map_err(wrong)?;
    if tables.is_empty() {
        return Ok(0);
    }
    let ours = |row: &AnyRow| row.try_get(0).is_ok_and(|name: &str| name == "schema_version");
    if !tables.iter().any(ours) {
        return Err(StoreError::Foreign { path: store.path().to_owned() });
    }
    let version = sqlx::query("SELECT COALESCE(MAX(version), 0) FROM schema_version");
    let version = version.fetch_one(connection).await.map_err(wrong)?;
    version.try_get(0).map_err(wrong)
}

async fn apply(
    connection: &mut AnyConnection,
    migration: &'static str,
    (version, at): (i64, i64),
) -> sqlx::Result<()> {
    sqlx::raw_sql(migration).execute(&mut *connection).await?;
    sqlx::query("INSERT INTO schema_version (version, applied) VALUES ($1, $2)")
        .bind(version)
        .bind(at)
        .execute(connection)
        .await
        .map(drop)
}
