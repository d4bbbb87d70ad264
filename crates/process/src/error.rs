//! Why a command could not be run, and the last lines of one that was.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::clean::cut;

/// How many lines of an output a fault carries.
const TAIL_LINES: usize = 40;
/// How much of each, in bytes.
const TAIL_LINE: usize = 1_000;

/// Why a command could not be run. None of these goes away by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program is not there.
    #[error("`{}` was not found", program.display())]
    NotFound {
        /// What was looked for.
        program: PathBuf,
    },
    /// The folder to run it in is not there.
    #[error("the project's folder {} does not exist", dir.display())]
    NoFolder {
        /// Where it should be.
        dir: PathBuf,
    },
    /// The program is there and could not be started.
    #[error("`{}` could not be started", program.display())]
    Start {
        /// What was started.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operating system did not say how the program ended.
    #[error("`{}` could not be waited for", program.display())]
    Wait {
        /// What was started.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The log of the output could not be written.
    #[error("the log {} could not be written", path.display())]
    Log {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// A command did not start: the folder, the program, or something else.
    pub(crate) fn spawn(program: &Path, dir: &Path, source: io::Error) -> Self {
        match source.kind() {
            _ if !dir.is_dir() => Self::NoFolder { dir: dir.to_owned() },
            io::ErrorKind::NotFound => Self::NotFound { program: program.to_owned() },
            _ => Self::Start { program: program.to_owned(), source },
        }
    }

    /// What to do next: an imperative sentence.
    #[must_use]
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "install it, or say where it is",
            Self::NoFolder { .. } => "say in which folder the project is",
            Self::Start { .. } | Self::Wait { .. } => {
                "check that it is a program that this user may run"
            }
            Self::Log { .. } => {
                "see that the folder can be written and has room, or name another one for logs"
            }
        }
    }
}

/// The last lines of an output, for the fault that it led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail(String);

impl Tail {
    /// The last lines of this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        let last: Vec<_> = last.iter().map(|line| cut(line, TAIL_LINE)).collect();
        Self(if last.is_empty() { "it said nothing".into() } else { last.join("\n") })
    }
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Tail {}
