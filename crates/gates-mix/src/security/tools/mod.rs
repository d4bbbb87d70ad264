//! What tools that a project brings say of its security: `mix deps.audit`, `mix hex.audit`, `mix sobelow`.

pub(crate) mod deps_audit;
pub(crate) mod hex_audit;
pub(crate) mod sobelow;

use crate::error::{Error, Trouble};

/// The answer of a tool, or nothing where the task does not exist here.
fn where_there<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(Error::Trouble { trouble: Trouble::NoTask(_), .. }) => Ok(None),
        other => other.map(Some),
    }
}
