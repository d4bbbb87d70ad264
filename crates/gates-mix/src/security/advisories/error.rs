//! Why nobody can tell whether dependencies are vulnerable.

use std::io;
use std::path::PathBuf;

use pipeline_core::Fault;

use super::lock::LockError;
use super::online::AskError;

/// How many files are named.
const MOST_NAMED: usize = 5;

/// Why nobody can tell whether dependencies are vulnerable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdvisoryError {
    /// The lock cannot be read.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The file of the lock cannot be opened.
    #[error("{} could not be read", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There may be dependencies, and nothing says which.
    #[error("there is no mix.lock")]
    NoLock,
    /// A folder of advisories cannot be read.
    #[error("the advisories in {} could not be read", path.display())]
    Folder {
        /// Which folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder of advisories has none.
    #[error("{} holds no advisories", path.display())]
    Empty {
        /// Which folder.
        path: PathBuf,
    },
    /// Advisories that may be about locked packages have a form that nobody understands.
    #[error("{}", unreadable(.0))]
    Unreadable(Vec<String>),
    /// The database gave no answer, and there is no copy that is young enough.
    #[error("the advisory database {base} gave no answer, and {copy}")]
    NoAnswer {
        /// Where it was asked.
        base: String,
        /// What is known of the copy.
        copy: String,
        /// What came instead of an answer.
        source: AskError,
    },
    /// No source of advisories is there.
    #[error("there is nothing to compare mix.lock with")]
    NoSource,
}

impl AdvisoryError {
    /// What to do next: an imperative sentence.
    fn hint(&self) -> String {
        match self {
            Self::Lock(error) => error.hint().into(),
            Self::Open { .. } => "make mix.lock readable".into(),
            Self::NoLock => {
                "run `mix deps.get` and commit mix.lock; without dependencies it may say `%{}`"
                    .into()
            }
            Self::Folder { path, .. } => {
                format!("see that {} is there and readable", path.display())
            }
            Self::Empty { .. } => "name a folder of OSV files or of packages/NAME/ID.yml".into(),
            Self::Unreadable(_) => "mend these files, or bring the advisories up to date".into(),
            Self::NoAnswer { source, .. } => source.hint().into(),
            Self::NoSource => {
                "allow the advisory database, name a folder of advisories, or add mix_audit".into()
            }
        }
    }
}

impl From<AdvisoryError> for Fault {
    fn from(error: AdvisoryError) -> Self {
        let hint = error.hint();
        let passing = matches!(&error, AdvisoryError::NoAnswer { source, .. } if source.may_pass());
        if passing { Self::transient(error) } else { Self::permanent(error) }.hint(hint)
    }
}

fn unreadable(files: &[String]) -> String {
    let named = files[..files.len().min(MOST_NAMED)].join("; ");
    let more = files.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("advisories cannot be read: {named}{more}")
}
