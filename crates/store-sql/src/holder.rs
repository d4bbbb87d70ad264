//! Who holds a lock, as people are told and as it is stored.

use std::fmt;

use jiff::Timestamp;
use pipeline_core::RunId;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::select::Select;
use crate::word::{Broken, Columns};

/// Who holds a lock, or wants one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The person or the machine account.
    pub who: String,
    /// The host's name, which others may have as well.
    pub host: String,
    /// What no other machine has, nor a container of this one: where it is the same, a process's number means the same.
    pub machine: Option<String>,
    /// The process on that host.
    pub pid: u32,
    /// What it is for.
    pub run: Option<RunId>,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} (process {}", self.who, self.host, self.pid)?;
        self.run.iter().try_for_each(|run| write!(f, ", run {run}"))?;
        f.write_str(")")
    }
}

/// A lock that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// By whom.
    pub owner: Owner,
    /// Its fencing number.
    pub fence: i64,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless it is renewed.
    pub until: Timestamp,
}

/// The holder at this time, if there is one.
pub(crate) fn holder_select(target: &str, now: i64) -> Select {
    let select = Select::new("SELECT * FROM locks").text(" WHERE target = ", target);
    select.number(" AND expires > ", now)
}

pub(crate) fn read_holder(
    target: &str,
    row: Option<&AnyRow>,
) -> Result<Option<Holder>, StoreError> {
    row.map(holder_of).transpose().map_err(|broken| {
        StoreError::unreadable(format!("the holder of the lock on {target}"), broken)
    })
}

fn holder_of(row: &AnyRow) -> Result<Holder, Broken> {
    let row = Columns(row);
    Ok(Holder {
        owner: Owner {
            who: row.get("who")?,
            host: row.get("host")?,
            machine: row.get("machine")?,
            pid: row.number("pid")?,
            run: row.get::<Option<String>>("run")?.map(RunId::new),
        },
        fence: row.get("fence")?,
        since: row.time("since")?,
        until: row.time("expires")?,
    })
}
