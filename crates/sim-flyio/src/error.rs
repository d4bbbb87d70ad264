//! What can go wrong with the simulator itself.

use std::io;

/// An error of the simulator, as opposed to one that it plays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// No loopback port could be bound.
    #[error("no loopback port can be bound for the {what}; is the limit of open files reached?")]
    Bind {
        /// What the port was for.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// An app that does not exist was asked for.
    #[error("app '{app}' does not exist in this simulator; create it first")]
    UnknownApp {
        /// The name that was asked for.
        app: String,
    },
    /// The directory for the output of machines cannot be made.
    #[error("the log directory '{path}' cannot be created")]
    LogDir {
        /// The directory.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The file for the journal cannot be made.
    #[error("the journal '{path}' cannot be written; name a file in a directory that exists")]
    Journal {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// `check_speed` is zero, negative or not a number.
    #[error("check_speed must be a positive number, not {0}")]
    CheckSpeed(f64),
}
