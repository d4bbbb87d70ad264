//! A store in a place of its own, a clock that stands still, and things to put in.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pipeline_core::{Clock, RunId};
use store_sql::{NewRun, Owner, RunKind, RunRow, Store};
use tempfile::TempDir;

use crate::postgres::Postgres;

pub(crate) const TARGET: &str = "flyio:shop";
pub(crate) const TTL: Duration = Duration::from_secs(30);
pub(crate) const ALMOST_TTL: Duration = Duration::from_millis(29_999);

/// Makes two tests of each function that takes a [`Folder`]: on a file, and on a database of a real server.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::common::Folder::new()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::common::Folder::of_server()).await;
            })+
        }
    };
}
pub(crate) use on_both;

/// What people see is the same on both.
macro_rules! assert_told {
    ($told:expr, @$text:literal) => {
        insta::allow_duplicates! { insta::assert_snapshot!($told, @$text) }
    };
}
pub(crate) use assert_told;

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

/// A folder, or a new database of the server that all tests share; several may open the store in it.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) now: Now,
    files: TempDir,
    database: Option<String>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { now: Now::default(), files: tempfile::tempdir().unwrap(), database: None }
    }

    pub(crate) fn of_server() -> Self {
        Self { database: Some(Postgres::shared().database()), ..Self::new() }
    }

    /// Another one of the same kind.
    pub(crate) fn another(&self) -> Self {
        if self.is_server() { Self::of_server() } else { Self::new() }
    }

    pub(crate) fn is_server(&self) -> bool {
        self.database.is_some()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.files.path().join("store.db")
    }

    pub(crate) fn url(&self) -> String {
        match &self.database {
            Some(database) => Postgres::shared().url(database),
            None => format!("sqlite:{}", self.path().display()),
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url(), self.now.clone()).await.unwrap()
    }

    /// The text without what is different each time.
    pub(crate) fn told(&self, text: &impl ToString) -> String {
        let place = match &self.database {
            Some(database) => Postgres::shared().place(database),
            None => self.path().display().to_string(),
        };
        text.to_string().replace(&place, "[PLACE]")
    }

    /// The database without the store around it.
    pub(crate) async fn sql(&self, sql: &'static str) {
        sqlx::any::install_default_drivers();
        let url = if self.is_server() { self.url() } else { format!("{}?mode=rwc", self.url()) };
        let pool = sqlx::AnyPool::connect(&url).await.unwrap();
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
        promotes: None,
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
    Owner {
        who: who.into(),
        host: "build-7".into(),
        machine: Some("boot-1".into()),
        pid,
        run: Some(RunId::new("run-1")),
    }
}
