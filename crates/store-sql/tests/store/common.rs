//! A store in a folder of its own, a clock that stands still, and things to put in.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pipeline_core::{Clock, RunId};
use store_sql::{NewRun, Owner, RunKind, RunRow, Store};
use tempfile::TempDir;

pub(crate) const TARGET: &str = "flyio:shop";
pub(crate) const TTL: Duration = Duration::from_secs(30);
pub(crate) const ALMOST_TTL: Duration = Duration::from_millis(29_999);

/// Stands still until it is moved.
#[derive(Clone, Debug)]
pub(crate) struct Now(Arc<AtomicU64>);

impl Now {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Default for Now {
    /// 2026-03-25 14:32:00 UTC.
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(1_774_449_120_000)))
    }
}

impl Clock for Now {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A folder with a store in it, which several may open.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) now: Now,
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { now: Now::default(), folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url(), self.now.clone()).await.unwrap()
    }

    /// The file without the store around it.
    pub(crate) async fn sql(&self, sql: &'static str) {
        sqlx::any::install_default_drivers();
        let pool = sqlx::AnyPool::connect(&format!("{}?mode=rwc", self.url())).await.unwrap();
        sqlx::raw_sql(sql).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

pub(crate) async fn in_memory() -> Store {
    Store::open("sqlite::memory:", Now::default()).await.unwrap()
}

pub(crate) fn deploy(environment: &str) -> NewRun {
    NewRun {
        kind: RunKind::Deploy,
        environment: environment.into(),
        target: TARGET.into(),
        revision: Some("4f1c2ab".into()),
        image: None,
        origin: Some("https://ci.example/jobs/7".into()),
        restores: None,
        who: "ada".into(),
        host: "build-7".into(),
        pid: 4711,
        pipeline_version: "0.1.0".into(),
    }
}

pub(crate) async fn begin(store: &Store) -> RunRow {
    store.begin(&deploy("production")).await.unwrap()
}

pub(crate) fn owner(who: &str, pid: u32) -> Owner {
    Owner { who: who.into(), host: "build-7".into(), pid, run: Some(RunId::new("run-1")) }
}
