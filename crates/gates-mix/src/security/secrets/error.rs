//! Why secrets could not be looked for.

use std::io;
use std::path::PathBuf;

use pipeline_core::Fault;

/// Why secrets could not be looked for. None of these goes away by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// A file of rules could not be read.
    #[error("the rules {} could not be read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of rules is not what Gitleaks' format says.
    #[error("{}: {what}", path.display())]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        what: String,
    },
    /// One rule, or one allow-list, cannot be used.
    #[error("{}: {entry}: {key}: {what}", path.display())]
    Entry {
        /// Which file.
        path: PathBuf,
        /// Such as `rule "acme-token"`.
        entry: String,
        /// Which of its keys.
        key: &'static str,
        /// What is wrong with its value.
        what: String,
    },
    /// The program `git` could not be run.
    #[error("`git` could not be run in {}", dir.display())]
    NoGit {
        /// Where.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder belongs to no repository, so that nobody knows which of its files are tracked.
    #[error("{} is in no git repository", dir.display())]
    NoRepository {
        /// Which folder.
        dir: PathBuf,
    },
    /// The clone lacks a part of the history, or of its contents.
    #[error("the clone {} does not have all of its history", dir.display())]
    Shallow {
        /// Which folder.
        dir: PathBuf,
    },
    /// A command of git failed, or said what nobody understands.
    #[error("`{command}` in {}: {what}", dir.display())]
    Git {
        /// The command.
        command: String,
        /// Where.
        dir: PathBuf,
        /// What it said.
        what: String,
    },
}

impl SecretsError {
    fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => "see that the file is there and may be read".into(),
            Self::Format { path, .. } | Self::Entry { path, .. } => {
                format!("mend {}", path.display())
            }
            Self::NoGit { .. } => "install git".into(),
            Self::NoRepository { .. } => {
                "run it inside a git repository, or `git init` and add the files".into()
            }
            Self::Shallow { .. } => {
                "run `git fetch --unshallow`, or check out with the whole history (`fetch-depth: 0`)"
                    .into()
            }
            Self::Git { command, .. } => format!("run `{command}` by hand and look at it"),
        }
    }
}

impl From<SecretsError> for Fault {
    fn from(error: SecretsError) -> Self {
        let hint = error.hint();
        Self::permanent(error).hint(hint)
    }
}
