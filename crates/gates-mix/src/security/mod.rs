//! The security scan: dependencies with known vulnerabilities, secrets in files, unsafe code.

mod advisories;
mod answers;
mod gate;
mod secrets;
mod tools;

pub use advisories::{AdvisoryError, AskError, Ignore, LockError, Osv, Policy, Rating, Source};
pub use gate::{Scan, Security};

pub use secrets::{
    History, PastSecret, Secret, SecretRules, SecretsError, Unread, history, tracked,
};
