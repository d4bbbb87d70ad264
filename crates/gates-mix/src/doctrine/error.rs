//! Why the doctrine could not be looked at.

use pipeline_core::Fault;
use thiserror::Error;

/// Why the doctrine could not be looked at. None of it is an answer.
#[derive(Debug, Error)]
pub enum DoctrineError {
    /// Git does not do what it is asked for.
    #[error("git {what}: {said}")]
    Git {
        /// The command.
        what: String,
        /// What it said.
        said: String,
    },
    /// The folder is in no repository.
    #[error("{dir} is in no git repository, so nobody knows what changed")]
    NoRepository {
        /// The folder.
        dir: String,
    },
    /// There is no such commit to compare with.
    #[error("git knows no commit `{base}`")]
    UnknownCommit {
        /// What was named.
        base: String,
    },
    /// There is nothing that is usually compared with.
    #[error("there is no origin/HEAD, main or master to compare with")]
    NoBase,
    /// No such pillar.
    #[error("there is no pillar `{code}`; there are {known}")]
    UnknownPillar {
        /// What was named.
        code: String,
        /// All there are.
        known: String,
    },
    /// The rules of the team cannot be used.
    #[error("{place}: {what}")]
    Rules {
        /// The file, and where in it.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// There is no git to ask.
    #[error("there is no git here that could say what changed")]
    NoGit,
    /// A part of the look ended before it was through.
    #[error("not every file was looked at: {what}")]
    Died {
        /// What happened.
        what: String,
    },
    /// It was told to stop.
    #[error("the doctrine was stopped before it was through")]
    Stopped,
}

impl DoctrineError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Git { .. } => "see whether git works here, and whether there is a commit",
            Self::NoRepository { .. } => {
                "run it inside a git repository, or without --changed and --staged"
            }
            Self::UnknownCommit { .. } => "name a branch, a tag or a commit: --changed=BASE",
            Self::NoBase => "name what to compare with: --changed=BASE",
            Self::UnknownPillar { .. } => "name pillars by their codes: --only ZERO,SEAL",
            Self::Rules { .. } => "mend the rule",
            Self::NoGit => "install git, or run it without --changed and --staged",
            Self::Died { .. } => {
                "run it again; if it stays, a rule is broken: --only finds out whose"
            }
            Self::Stopped => "run it again",
        }
    }
}

impl From<DoctrineError> for Fault {
    fn from(error: DoctrineError) -> Self {
        let hint = error.hint();
        match error {
            DoctrineError::Stopped => Self::cancelled(),
            other => Self::permanent(other).hint(hint),
        }
    }
}
