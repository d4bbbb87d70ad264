//! Which migrations a project has that a revision did not have.

use std::path::{Path, PathBuf};

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

/// Does the project have committed migrations at all? Where git cannot tell, those in the folder count.
#[must_use]
pub fn any(dir: &Path) -> bool {
    Asker::of(dir).some(PLACES).unwrap_or_else(|_| is_in_folder(dir))
}

/// Looks where an application, or one of an umbrella, usually has them.
fn is_in_folder(dir: &Path) -> bool {
    let migrates = |app: PathBuf| {
        let folders = within(&app.join("priv")).into_iter();
        let mut files = folders.flat_map(|it| within(&it.join("migrations")));
        files.any(|it| it.extension().is_some_and(|it| it == "exs"))
    };
    std::iter::once(dir.to_owned()).chain(within(&dir.join("apps"))).any(migrates)
}

fn within(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    entries.filter_map(|it| Some(it.ok()?.path())).collect()
}
