//! The security scan: dependencies with known vulnerabilities, secrets in files, unsafe code.

mod advisories;
mod secrets;

pub use secrets::{
    History, PastSecret, Secret, SecretRules, SecretsError, Unread, history, tracked,
};
