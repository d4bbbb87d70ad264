//! What a user does, step by step.

use secrecy::SecretString;
use verify_http::Variable;

/// What a user does, step by step.
#[derive(Clone, Debug)]
pub(crate) struct Journey(pub(crate) verify_http::Journey);

impl Journey {
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.0.secrets.values().filter_map(Variable::secret)
    }
}
