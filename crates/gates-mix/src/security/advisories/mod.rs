//! Dependencies with known vulnerabilities.
//!
//! [`read_lock`] reads `mix.lock`, a [`Source`] brings advisories, and [`hits`] says which of them are about what is locked.
//! [`Audit`] makes findings of that, as the [`Policy`] wants it. Only sources reach out; the rest is pure.

mod advisory;
mod audit;
mod elixir;
mod error;
mod folder;
mod lock;
mod online;
mod osv;
mod policy;
mod severity;
mod source;
mod version;

use std::time::Duration;

use pipeline_core::Finding;

pub(crate) use advisory::{Advisory, id, title};
pub(crate) use audit::{Audit, Hit, hits, unaudited};
pub(crate) use elixir::Document;
pub use error::AdvisoryError;
pub use lock::LockError;
pub(crate) use lock::{Lock, read_lock};
pub use online::{AskError, Osv};
pub(crate) use policy::advisory as blocks_nothing;
pub use policy::{Ignore, Policy};
pub use severity::Rating;
pub use source::Source;
pub(crate) use version::{Requirement, version};

/// What a source knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Advisories {
    pub(crate) list: Vec<Advisory>,
    /// What it has and nobody can read.
    pub(crate) unreadable: Vec<Unreadable>,
    /// How old its answer is.
    pub(crate) age: Option<Duration>,
    /// What people should know of it.
    pub(crate) notes: Vec<Finding>,
}

/// An advisory that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Its file.
    pub(crate) name: String,
    pub(crate) why: String,
    /// The package it is about, where that is known.
    pub(crate) package: Option<String>,
}
