//! Where a store is, for people.

use std::fmt;
use std::path::PathBuf;

/// Where a store is, as errors name it: never with a user or a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File(PathBuf),
    /// In a database of a server, such as `postgres://db.example/pipeline`.
    Server(String),
}

impl Place {
    /// What to do when something else is there.
    pub(crate) fn another(&self) -> &'static str {
        match self {
            Self::File(_) => "name another file",
            Self::Server(_) => {
                "name another database, or a schema of its own: add `?options=-csearch_path=SCHEMA`"
            }
        }
    }

    /// What to do when it may only be read.
    pub(crate) fn writable(&self) -> &'static str {
        match self {
            Self::File(_) => "allow this user to write it and its folder",
            Self::Server(_) => "name the primary server, not one that follows it",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(text) => f.write_str(text),
        }
    }
}
