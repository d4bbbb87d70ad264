//! Why smoke checks cannot be made so.

use std::time::Duration;

use thiserror::Error;

use crate::expect::RuleError;

/// Why smoke checks cannot be made so. The key is the one of `[verify.smoke]`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// Nothing would be asked, and that would pass.
    #[error("`checks` is empty; name at least one path, such as \"/\"")]
    NoChecks,
    /// Two checks could not be told apart.
    #[error("two checks are called `{0}`; give one of them a `name`")]
    SameName(String),
    /// A path that is none.
    #[error("`path` is \"{0}\"; begin it with a slash")]
    Path(String),
    /// A rule about the answer that cannot be kept.
    #[error("the check of {path} cannot be made so")]
    Rule {
        /// The check's path.
        path: String,
        /// What is wrong.
        source: RuleError,
    },
    /// A header that cannot be sent, or that would carry a secret.
    #[error("`headers` of {path}: `{name}` {reason}")]
    Header {
        /// The check's path.
        path: String,
        /// The header.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A body that never comes.
    #[error("the check of {0} reads the body, but an answer to `HEAD` has none; use `GET`")]
    BodyOfHead(String),
    /// Nobody says what time it is.
    #[error(
        "`tls_expires_after` of {0} needs to know what time it is; make the verifier with a clock"
    )]
    NoClock(String),
    /// A duration of nothing.
    #[error("`{0}` is zero; give it a duration, such as \"2s\"")]
    Zero(&'static str),
    /// Good answers in a row that cannot come in time.
    #[error(
        "`consecutive` good answers, one every {every:?}, need more than `within` = {within:?}; \
         raise `within` or lower `consecutive`"
    )]
    WindowTooShort {
        /// `retry_every`.
        every: Duration,
        /// `within`.
        within: Duration,
    },
}
