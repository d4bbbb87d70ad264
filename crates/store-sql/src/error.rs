//! What can go wrong with a store: each error names the place or the run, and what to do next.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use pipeline_core::Fault;
use thiserror::Error;

use crate::holder::{Holder, Owner};
use crate::place::Place;
use crate::word::Broken;

/// Why the store did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The address is not one of a store. It is told without what may be a password.
    #[error(
        "`{0}` is not the address of a store; write `sqlite:PATH` or `postgres://HOST/DATABASE`"
    )]
    Address(String),
    /// The address is one of a server, and cannot be used. It is told without what may be a password.
    #[error(
        "the address of the store cannot be used: {why}; write `postgres://USER@HOST/DATABASE`"
    )]
    ServerAddress {
        /// Why.
        why: String,
    },
    /// The file or its folder could not be made.
    #[error("the store {place} cannot be created; name another file or mend its folder")]
    Create {
        /// Where.
        place: Place,
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
        "the store {place} cannot be opened; allow this user to read and write it and its folder"
    )]
    Open {
        /// Where.
        place: Place,
        /// What the database says.
        source: Box<sqlx::Error>,
    },
    /// The file may be read and not written.
    #[error("the store {place} is read-only; {}", place.writable())]
    ReadOnly {
        /// Where.
        place: Place,
    },
    /// The file holds something else.
    #[error("{place} is not a database; name another file, or move this one away")]
    NotADatabase {
        /// Where.
        place: Place,
    },
    /// The file is a database of another program.
    #[error("{place} is the database of another program; {}", place.another())]
    Foreign {
        /// Where.
        place: Place,
    },
    /// The file was a store and is damaged.
    #[error("the store {place} is damaged; put a copy of it back, or move it away to begin anew")]
    Corrupt {
        /// Where.
        place: Place,
        /// What the database says.
        source: Box<sqlx::Error>,
    },
    /// There is no room left.
    #[error(
        "the store {place} could not be written, the disk is full; free some space and try again"
    )]
    Full {
        /// Where.
        place: Place,
    },
    /// Another process kept it busy for too long.
    #[error("the store {place} is kept busy by another process; try again")]
    Busy {
        /// Where.
        place: Place,
    },
    /// The server does not answer, or stopped doing so.
    #[error(
        "the store {place} cannot be reached; see that the server runs and lets this machine in, then try again"
    )]
    Unreachable {
        /// Where.
        place: Place,
        /// What the network or the server says.
        source: Box<sqlx::Error>,
    },
    /// The server has no connection left.
    #[error("the server of the store {place} has no connection left; try again, or allow it more")]
    Crowded {
        /// Where.
        place: Place,
    },
    /// The server does not know the user, or not from here.
    #[error(
        "the server of the store {place} refuses the login; mend the user and the password, or the server's pg_hba.conf"
    )]
    Login {
        /// Where.
        place: Place,
    },
    /// The server has no such database.
    #[error("there is no database {place}; create it with `createdb`, or name another one")]
    NoDatabase {
        /// Where.
        place: Place,
    },
    /// The user may not do what a store needs.
    #[error(
        "the user may not use the store {place} as it must; grant it CREATE and USAGE on the schema, and its tables"
    )]
    Rights {
        /// Where.
        place: Place,
        /// What the database says.
        source: Box<sqlx::Error>,
    },
    /// There is no safe connection to be had.
    #[error(
        "the server of the store {place} cannot be trusted; mend `sslmode` and `sslrootcert` in the address, or its certificate"
    )]
    Tls {
        /// Where.
        place: Place,
        /// What is wrong with it.
        source: Box<sqlx::Error>,
    },
    /// A newer pipeline has written it.
    #[error(
        "the store {place} has the format {found}, this pipeline knows up to {known}; use a newer one"
    )]
    Newer {
        /// Where.
        place: Place,
        /// Its format.
        found: i64,
        /// The newest format that is known here.
        known: i64,
    },
    /// An older format could not be brought up to date. The file is what it was.
    #[error("the store {place} could not be brought to the format {version}; it is what it was")]
    Upgrade {
        /// Where.
        place: Place,
        /// The format that failed.
        version: i64,
        /// What the database says.
        source: Box<sqlx::Error>,
    },
    /// Runs are there already, so others would need other numbers.
    #[error(
        "the store {place} has {runs} other runs, whose numbers are given; `--append` gives the new ones the next numbers"
    )]
    NotEmpty {
        /// Where.
        place: Place,
        /// How many runs it has.
        runs: u64,
    },
    /// With the numbers that they would be given, older runs would count as the newest of their target.
    #[error(
        "the store {place} has newer runs of {target} than some that would come, which would count as the newest; bring them into a store that has none of {target}"
    )]
    OutOfOrder {
        /// Where.
        place: Place,
        /// The target.
        target: String,
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
    #[error("the store {place} has no run `{run}`{}; see `pipeline history`", of(target.as_deref()))]
    NoRun {
        /// Where.
        place: Place,
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
        "record {number} of the run `{run}` is missing in {place}; put a copy of the store back"
    )]
    Missing {
        /// Where.
        place: Place,
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
    #[error("the store {place} could not be used; mend the cause and try again")]
    Sql {
        /// Where.
        place: Place,
        /// What the database says.
        source: Box<sqlx::Error>,
    },
}

impl StoreError {
    /// Something stored that cannot be understood.
    pub(crate) fn unreadable(what: impl Into<String>, source: impl Into<Broken>) -> Self {
        Self::Unreadable { what: what.into(), source: source.into() }
    }

    /// Is the way to the store gone, and may it come back by itself?
    pub(crate) fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Crowded { .. })
    }
}

impl From<StoreError> for Fault {
    /// Only a store that is busy or away may be better the next time.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy { .. }
            | StoreError::Unreachable { .. }
            | StoreError::Crowded { .. } => Self::transient(error),
            StoreError::Lost { .. } => Self::permanent(error)
                .hint("let the run that holds the lock end, then look with `pipeline status`"),
            _ => Self::permanent(error),
        }
    }
}

fn taken(holder: Option<&Holder>) -> String {
    holder.map_or("nobody holds it now".into(), |it| {
        format!("{} holds it since {}, until {}", it.owner, it.since, it.until)
    })
}

fn of(target: Option<&str>) -> String {
    target.map_or_else(String::new, |it| format!(" of {it}"))
}
