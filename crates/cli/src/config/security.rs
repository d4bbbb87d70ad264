//! The security scan, as the configuration has it.

use std::time::Duration;

use gates_mix::Policy;

use super::Gate;

/// What is scanned, and what blocks.
#[derive(Clone, Debug)]
pub(crate) struct Security {
    pub(crate) gate: Gate,
    pub(crate) advisories: Advisories,
    pub(crate) policy: Policy,
    pub(crate) retired: bool,
    pub(crate) secrets: bool,
    pub(crate) history: bool,
    /// Rules of the team's own, relative to the project.
    pub(crate) gitleaks: Option<String>,
}

/// Where advisories come from.
#[derive(Clone, Debug)]
pub(crate) enum Advisories {
    /// A database over the network, with a copy.
    Osv { url: Option<String>, max_age: Duration, max_stale: Duration },
    /// A folder, relative to the project.
    Folder(String),
}
