//! Runs, journal, events, measurements and locks in SQL.
//!
//! One file, or one database of a `PostgreSQL` server, holds all that the pipeline remembers. Several processes may use
//! it at the same time, and with a server several machines: runs are numbered without gaps, a target is locked by one
//! run at a time, and whoever lost the lock can no longer write to the journal.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use pipeline_core::{Journal, Record};
//! use store_sql::{NewRun, Owner, RunKind, Store};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! # #[expect(clippy::disallowed_methods, reason = "an example of a program")]
//! let store = Store::open("sqlite::memory:", SystemTime::now).await?;
//! let run = store
//!     .begin(&NewRun {
//!         kind: RunKind::Deploy,
//!         environment: "production".into(),
//!         target: "flyio:shop".into(),
//!         revision: Some("4f1c2ab".into()),
//!         image: None,
//!         origin: None,
//!         restores: None,
//!         promotes: None,
//!         who: "ada".into(),
//!         host: "build-7".into(),
//!         pid: std::process::id(),
//!         pipeline_version: "0.1.0".into(),
//!     })
//!     .await?;
//! assert_eq!(run.version, "v1");
//!
//! let owner = Owner {
//!     who: "ada".into(),
//!     host: "build-7".into(),
//!     machine: None,
//!     pid: std::process::id(),
//!     run: Some(run.id.clone()),
//! };
//! let lock = store.lock("flyio:shop", &owner, Duration::from_secs(30)).await?;
//! store.journal(&run.id, &lock).append(&Record::GatesPassed).await?;
//! assert_eq!(store.records(&run.id).await?, [Record::GatesPassed]);
//! lock.release().await?;
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```

mod address;
mod classify;
mod connection;
mod cut;
mod error;
mod events;
mod holder;
mod import;
mod insert;
mod journal;
mod keep_events;
mod lock;
mod many;
mod measured;
mod measurements;
mod migrate;
mod pack;
mod patience;
mod place;
#[cfg(test)]
mod query_plans;
mod recorder;
mod retention;
mod run;
mod runs;
mod select;
mod server;
mod store;
mod tables;
mod upkeep;
mod usual;
mod word;

pub use address::place_of;
pub use error::StoreError;
pub use events::StepRow;
pub use holder::{Holder, Owner};
pub use import::Imported;
pub use journal::SqlJournal;
pub use lock::Lock;
pub use measured::Measured;
pub use measurements::{Baseline, PastSeries, Sample, Series};
pub use place::Place;
pub use recorder::Recorder;
pub use retention::{GOOD_RUNS_KEPT, Retention};
pub use run::{Ending, NewRun, RunFilter, RunHistory, RunKind, RunOutcome, RunRow};
pub use server::secrets_of;
pub use store::Store;
pub use upkeep::{Pruned, StoreInfo};
pub use usual::StepTime;
