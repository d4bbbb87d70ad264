//! Secrets in files: rules in the format of Gitleaks, and a scanner.
//!
//! A rule has keywords and a regular expression. All keywords of all rules are looked for in one pass (`windows.rs`), and an
//! expression is tried only on the lines around its keywords (`reach.rs`). What it matches is a secret unless it is too
//! regular (`entropy.rs`), or an allow-list (`allow.rs`) knows better. What is told of it (`secret.rs`) never holds its value.
//!
//! Our own rules are data: `rules.toml`.

mod allow;
mod entropy;
mod error;
mod format;
mod git;
mod history;
mod keywords;
mod lazy;
mod place;
mod re2;
mod reach;
mod rule;
mod rules;
mod scan;
mod secret;
mod windows;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod history_tests;

pub use error::SecretsError;
pub use git::tracked;
pub use history::{History, PastSecret, history};
pub use rules::{SecretRules, Unread};
pub use secret::Secret;
