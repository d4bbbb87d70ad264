//! The doctrine, as the configuration has it.

use std::sync::Arc;

use gates_mix::doctrine::{Levels, Pattern, With};
use globset::GlobSet;

use super::Gate;

/// What a team decided about the doctrine.
#[derive(Clone, Debug)]
pub(crate) struct Doctrine {
    pub(crate) gate: Gate,
    pub(crate) with: With,
    /// Only these pillars; all if there are none.
    pub(crate) only: Vec<String>,
    pub(crate) exclude: GlobSet,
    pub(crate) demand_reasons: bool,
    pub(crate) levels: Levels,
    pub(crate) strict: bool,
    /// Rules of the team's own.
    pub(crate) rules: Vec<Arc<Pattern>>,
}
