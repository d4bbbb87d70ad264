//! Why a gate would be asked, or not.

use std::time::SystemTime;

use pipeline_core::Verdict;

use crate::change::Change;

/// What is known of a gate's answer, and why no more.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Why {
    /// It does not declare what it reads, so its answers are never remembered.
    NeverCached,
    /// Its answer is remembered: nothing that it reads has changed.
    Known {
        /// When it was given.
        at: SystemTime,
        /// How long that took, in milliseconds.
        took_ms: u64,
        /// The answer.
        verdict: Verdict,
        /// Does the gate declare everything it depends on? Only then is it believed for production.
        complete: bool,
    },
    /// What it reads is not what it read when an answer was kept.
    Unknown {
        /// What differs from what it read when its answer was last kept. Nothing where only the answer itself was lost.
        changes: Vec<Change>,
        /// When that answer was given.
        compared_with: SystemTime,
    },
    /// No answer of it was ever kept.
    NoEarlier,
    /// What it reads cannot be told.
    CannotLook {
        /// Why.
        reason: String,
    },
}
