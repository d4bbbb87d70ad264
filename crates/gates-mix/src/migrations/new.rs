//! Which migrations a project has that a revision did not have.

use std::path::Path;

use thiserror::Error;

use super::Migration;
use crate::doctrine::{Asker, DoctrineError};

/// Where Ecto looks for migrations, at any depth of an umbrella.
const PLACES: &str = ":(glob)**/priv/**/migrations/*.exs";

/// Why nobody can tell which migrations are new.
#[derive(Debug, Error)]
pub enum MigrationsError {
    /// Git could not say.
    #[error("git cannot tell which migrations are new since {revision}")]
    Git {
        /// The revision they were compared with.
        revision: String,
        /// What it said.
        #[source]
        source: DoctrineError,
    },
}

/// The migrations that were committed in `dir` since `revision`, as they stand in the folder now. Asks git, and waits for it.
pub fn new_since(dir: &Path, revision: &str) -> Result<Vec<Migration>, MigrationsError> {
    let wrong = |source| MigrationsError::Git { revision: revision.to_owned(), source };
    let mut paths = Asker::of(dir).added(revision, PLACES).map_err(wrong)?;
    paths.sort_unstable();
    let read = |path: String| {
        let text = std::fs::read_to_string(dir.join(&path)).ok();
        Migration { path, text }
    };
    Ok(paths.into_iter().map(read).collect())
}

/// Does the project have committed migrations at all? Where git cannot tell, it is not said that it has.
#[must_use]
pub fn any(dir: &Path) -> bool {
    Asker::of(dir).some(PLACES)
}
