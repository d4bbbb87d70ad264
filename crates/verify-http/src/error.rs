//! Why this side could not look. None of it says anything about the deployment.

use pipeline_core::Fault;
use thiserror::Error;

/// Why this side could not look.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// An address that cannot be asked.
    #[error("`{url}` cannot be asked over HTTP: {reason}")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header that cannot be sent.
    #[error("the header `{name}` for {url} holds characters that cannot be sent")]
    Header {
        /// Its name.
        name: String,
        /// Where it would go.
        url: String,
    },
    /// A token that nobody gave.
    #[error("the token `{name}` for {endpoint} is missing or empty")]
    MissingSecret {
        /// What it is called.
        name: String,
        /// The request it belongs to.
        endpoint: String,
    },
    /// A name that does not resolve here.
    #[error("the name `{host}` could not be resolved")]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        #[source]
        source: std::io::Error,
    },
    /// No way out of this machine.
    #[error("there is no network to {host}")]
    Network {
        /// Where to.
        host: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Requests that left late, because this machine had other things to do.
    #[error("{0}")]
    Busy(String),
    /// An endpoint that gave too few latencies to be a baseline.
    #[error("no baseline can be had of {0}")]
    Unmeasured(String),
    /// A watch that saw nothing.
    #[error("what was to be watched could not be asked once: {0}")]
    Unwatched(String),
    /// No cryptography for TLS.
    #[error("no rustls crypto provider is installed in this process")]
    NoCryptoProvider,
    /// No client, most often because no trusted certificates were found.
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let hint = error.next_step();
        let fault = match &error {
            Error::Dns { .. } | Error::Network { .. } | Error::Busy(_) | Error::Unwatched(_) => {
                Self::transient(error)
            }
            _ => Self::permanent(error),
        };
        fault.hint(hint)
    }
}

impl Error {
    pub(crate) fn next_step(&self) -> String {
        match self {
            Self::Url { .. } => "correct the environment's `url`".into(),
            Self::Header { .. } => "look for line breaks or blanks in its value".into(),
            Self::MissingSecret { name, .. } => format!("set `{name}` and run again"),
            Self::Dns { host, .. } => {
                format!("check the spelling of `{host}` and the name servers of this machine")
            }
            Self::Network { .. } | Self::Unwatched(_) => "check the network of this machine".into(),
            Self::Unmeasured(_) => "measure again once it answers well".into(),
            Self::Busy(_) => "measure again when less runs here".into(),
            Self::NoCryptoProvider => "install one when the program starts".into(),
            Self::Setup(_) => "install the system's `ca-certificates`".into(),
        }
    }
}
