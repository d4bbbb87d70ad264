//! The parts of a run.

use serde::{Deserialize, Serialize};

/// The parts of a run, in people's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The gates.
    Validate,
    /// The artifact.
    Build,
    /// A look at the target, then the stages.
    Deploy,
    /// The verifiers, after each stage.
    Verify,
    /// Removing what nobody uses any more.
    Settle,
    /// Back to what was, verified.
    Restore,
}

impl Phase {
    /// The word for it, as the event format has it too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Build => "build",
            Self::Deploy => "deploy",
            Self::Verify => "verify",
            Self::Settle => "settle",
            Self::Restore => "restore",
        }
    }
}
