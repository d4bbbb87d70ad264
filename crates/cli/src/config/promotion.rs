//! What must be true before something is deployed to an environment.

use std::time::Duration;

use gates_release::{Freeze, TreeRules};

/// The gates of the rules. They are always asked first, and no gate of a team may have such a name.
pub(crate) const RULES: [&str; 3] = [PROMOTION, TREE, FREEZE];
/// What another environment has verified.
pub(crate) const PROMOTION: &str = "promotion";
/// The checked-out commit.
pub(crate) const TREE: &str = "tree";
/// Times at which nobody deploys.
pub(crate) const FREEZE: &str = "freeze";

/// What must be true before something is deployed to an environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Promotion {
    /// The environment that must have verified it.
    pub(crate) from: Option<String>,
    /// Made of the commit that is checked out?
    pub(crate) same_revision: bool,
    /// Verified no longer ago than that?
    pub(crate) max_age: Option<Duration>,
    /// Must that environment say itself that it runs it?
    pub(crate) must_run: bool,
    /// What must be true of the commit that is checked out.
    pub(crate) tree: TreeRules,
    /// When nothing is deployed.
    pub(crate) freezes: Vec<Freeze>,
}
