//! Secrets in files that others read.

use std::sync::LazyLock;

use crate::doctrine::{Found, Rule, Source};
use crate::security::SecretRules;

const SECRET: Rule = Rule::blocking(
    "SEAL/secret",
    "take it out, read it from the environment, and have it revoked: what was committed is known to others",
);

pub(super) const RULES: [Rule; 1] = [SECRET];

/// Our own rules; that they can be compiled is tested.
pub(super) static OURS: LazyLock<Option<SecretRules>> =
    LazyLock::new(|| SecretRules::built_in().ok());

pub(super) fn look(source: &Source, rules: &SecretRules, found: &mut Found) {
    for secret in rules.scan(source.path, source.bytes) {
        let violation = found.path(&SECRET, source.path, Some(secret.line), secret.message());
        // The line itself is never shown.
        (violation.column, violation.width) =
            (Some(secret.column), secret.end_column.saturating_sub(secret.column));
    }
}
