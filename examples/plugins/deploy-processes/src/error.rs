//! What can go wrong, and whether trying again helps.

use std::io;
use std::path::PathBuf;

use pipeline_core::{Fault, Trigger};
use thiserror::Error;

/// Why something could not be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error("{}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// There is no such release.
    #[error("there is no program {}", .0.display())]
    NoRelease(PathBuf),
    /// A program cannot be started.
    #[error("{} cannot be started", .0.display())]
    NotStarted(PathBuf, #[source] io::Error),
    /// No port is free.
    #[error("no port of 127.0.0.1 is free")]
    NoPort(#[source] io::Error),
    /// A process ended instead of listening.
    #[error("{id} ended before it listened on port {port}; its last line: {last}")]
    Ended {
        /// The instance.
        id: String,
        /// Its port.
        port: u16,
        /// What it said last.
        last: String,
    },
    /// A process does not listen.
    #[error("{id} does not listen on port {port}")]
    Deaf {
        /// The instance.
        id: String,
        /// Its port.
        port: u16,
    },
    /// A process does not end.
    #[error("{0} does not end, not even when it is killed")]
    Immortal(String),
    /// A snapshot or stage that no version of this deployer has made.
    #[error("this is not what this deployer wrote down")]
    Foreign(#[source] serde_json::Error),
}

/// The one place that says what is worth another try: here hardly anything, because a file that cannot be written
/// now cannot be written in a second. What a process did wrong has a name by which a policy goes.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let hint = match &error {
            Error::NoRelease(_) => Some("put the release there, then deploy again"),
            Error::Ended { .. } | Error::Deaf { .. } => Some("look into logs/, in the folder"),
            _ => None,
        };
        let fault = match &error {
            Error::NoPort(_) => Self::transient(&error),
            Error::Ended { .. } | Error::Deaf { .. } => {
                Self::permanent(&error).trigger(Trigger::UnhealthyMachine)
            }
            _ => Self::permanent(&error),
        };
        match hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    }
}
