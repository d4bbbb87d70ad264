//! What can go wrong with the simulator itself.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

/// An error of the simulator, as opposed to one that it plays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// A port could not be bound.
    #[error(
        "{address} cannot be bound for the {what}; is it in use, or the limit of open files reached?"
    )]
    Bind {
        /// What the port was for.
        what: &'static str,
        /// Address and port; port 0 is any free one.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// An address that other hosts can reach, and nobody said that this is meant.
    #[error(
        "{ip} can be reached from other hosts, and whoever reaches the simulator can start programs here; \
         listen on loopback, or say that it is meant to be exposed"
    )]
    Exposed {
        /// The address.
        ip: IpAddr,
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
