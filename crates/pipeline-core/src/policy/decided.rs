//! What is done about a failure, and who said so.

use serde::{Deserialize, Serialize};

/// What is done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Make the target what it was.
    Restore,
    /// Leave the target as it is, and say so.
    Leave,
    /// Ask a person. Only a policy says so, and no journal: where nobody answers, a release that is wholly in
    /// place is left; one that is not is taken back without a question, because a mixture is never left.
    Ask,
}

/// Who decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The policy.
    #[default]
    Policy,
    /// A person.
    Person,
    /// Nobody: a person was to be asked, and none was there or answered.
    Nobody,
}

impl DecidedBy {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
    pub(crate) fn is_policy(&self) -> bool {
        *self == Self::Policy
    }
}
