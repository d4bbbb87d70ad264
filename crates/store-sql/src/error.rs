//! What can go wrong with a store: each error names the file or the run, and what to do next.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pipeline_core::Fault;
use thiserror::Error;

use crate::holder::{Holder, Owner};
use crate::word::Broken;

/// Why the store did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The address is not one of a store. It is told without what may be a password.
    #[error("`{0}` is not the address of a store; write `sqlite:PATH`")]
    Address(String),
    /// The file or its folder could not be made.
    #[error("the store {path} cannot be created; name another file or mend its folder")]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a directory of that name.
    #[error("{path} is a directory, not a store; name a file in it")]
    Directory {
        /// The directory.
        path: PathBuf,
    },
    /// The file is there and may not be opened.
    #[error(
        "the store {path} cannot be opened; allow this user to read and write it and its folder"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: Box<sqlx::Error>,
    },
    /// The file may be read and not written.
    #[error("the store {path} is read-only; allow this user to write it and its folder")]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("{path} is not a database; name another file, or move this one away")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of another program.
    #[error("{path} is the database of another program; name another file")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was a store and is damaged.
    #[error("the store {path} is damaged; put a copy of it back, or move it away to begin anew")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: Box<sqlx::Error>,
    },
    /// There is no room left.
    #[error(
        "the store {path} could not be written, the disk is full; free some space and try again"
    )]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Another process kept it busy for too long.
    #[error("the store {path} is kept busy by another process; try again")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A newer pipeline has written it.
    #[error(
        "the store {path} has the format {found}, this pipeline knows up to {known}; use a newer one"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that is known here.
        known: i64,
    },
    /// An older format could not be brought up to date. The file is what it was.
    #[error("the store {path} could not be brought to the format {version}; it is what it was")]
    Upgrade {
        /// The file.
        path: PathBuf,
        /// The format that failed.
        version: i64,
        /// What the database says.
        source: Box<sqlx::Error>,
    },
    /// Another run has the target's lock.
    #[error(
        "{target} is locked by {owner} since {since}, until {until}; wait for it, or resume that run"
    )]
    Held {
        /// The target.
        target: String,
        /// Who has it.
        owner: Box<Owner>,
        /// Since when.
        since: Timestamp,
        /// Until when, unless it is renewed.
        until: Timestamp,
    },
    /// The lock is no longer ours.
    #[error("the lock on {target} is lost: {}; start again once it is free", taken(holder.as_deref()))]
    Lost {
        /// The target.
        target: String,
        /// Who has it now, if anybody.
        holder: Option<Box<Holder>>,
    },
    /// There is no such run, or it is one of another target.
    #[error("the store {path} has no run `{run}`{}; see `pipeline history`", of(target.as_deref()))]
    NoRun {
        /// The file.
        path: PathBuf,
        /// The run that was asked for.
        run: String,
        /// The target it should belong to.
        target: Option<String>,
    },
    /// Something that was stored cannot be understood.
    #[error("{what} cannot be read; was it made by a newer pipeline?")]
    Unreadable {
        /// What, and of which run.
        what: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A run's journal has a hole.
    #[error(
        "record {number} of the run `{run}` is missing in {path}; put a copy of the store back"
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The run.
        run: String,
        /// The record that should be there.
        number: i64,
    },
    /// The task that writes events is gone.
    #[error("the events of run `{run}` were not all stored: their writer stopped")]
    WriterStopped {
        /// The run.
        run: String,
    },
    /// Anything else that the database says.
    #[error("the store {path} could not be used; mend the cause and try again")]
    Sql {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: Box<sqlx::Error>,
    },
}

impl StoreError {
    /// Sorts what the database says by `SQLite`'s result code (sqlite.org/rescode.html).
    pub(crate) fn sql(path: &Path, error: sqlx::Error) -> Self {
        let path = path.to_owned();
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy { path };
        }
        let code = sqlite_code(&error);
        let source = Box::new(error);
        match code.map(|code| if code == NO_SHARED_MEMORY { code } else { code & 0xff }) {
            Some(BUSY | LOCKED) => Self::Busy { path },
            Some(READONLY) => Self::ReadOnly { path },
            Some(CORRUPT) => Self::Corrupt { path, source },
            Some(FULL | NO_SHARED_MEMORY) => Self::Full { path },
            Some(CANTOPEN | AUTH | PERM) => Self::Open { path, source },
            Some(NOTADB) => Self::NotADatabase { path },
            _ => Self::Sql { path, source },
        }
    }

    /// Something stored that cannot be understood.
    pub(crate) fn unreadable(what: impl Into<String>, source: impl Into<Broken>) -> Self {
        Self::Unreadable { what: what.into(), source: source.into() }
    }
}

impl From<StoreError> for Fault {
    /// Only a busy store may be better the next time.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy { .. } => Self::transient(error),
            StoreError::Lost { .. } => Self::permanent(error)
                .hint("let the run that holds the lock end, then look with `pipeline status`"),
            _ => Self::permanent(error),
        }
    }
}

const PERM: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const AUTH: i32 = 23;
const NOTADB: i32 = 26;
/// `SQLITE_IOERR_SHMSIZE`: the file beside the store could not be made long enough.
const NO_SHARED_MEMORY: i32 = 4874;

/// Is somebody else at it just now?
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    sqlite_code(error).is_some_and(|code| matches!(code & 0xff, BUSY | LOCKED))
}

/// The extended result code; the primary one is its last byte.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

fn taken(holder: Option<&Holder>) -> String {
    holder.map_or("nobody holds it now".into(), |it| {
        format!("{} holds it since {}, until {}", it.owner, it.since, it.until)
    })
}

fn of(target: Option<&str>) -> String {
    target.map_or_else(String::new, |it| format!(" of {it}"))
}
