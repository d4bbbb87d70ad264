//! A secret that was found: all that may be told of it.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::place::Place;
use super::rule::Rule;

/// How much of a secret is shown, in characters, and of a short one at most which part.
const SHOWN: usize = 4;
const PART: usize = 4;
/// So many digits of the digest name a secret.
const DIGITS: usize = 32;

/// A secret that was found. It does not hold the secret's value, so nothing can print it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Secret {
    /// The rule that found it, such as `github-pat`.
    pub rule: String,
    /// What it is, in words.
    pub description: String,
    /// The line it begins in, from 1. A rule that looks at paths alone says 1.
    pub line: u32,
    /// The column it begins at, from 1, in characters.
    pub column: u32,
    /// The column after its last character in that line.
    pub end_column: u32,
    /// Its first characters and `…`: at most four, and at most a quarter of it.
    pub shown: String,
    /// Names this value under this rule, for baselines and allow-lists: 32 hexadecimal digits of a SHA-256. The same wherever it stands.
    /// Who guesses a weak password can prove it by this.
    pub fingerprint: String,
}

impl Secret {
    pub(super) fn new(rule: &Rule, value: &[u8], place: Place) -> Self {
        Self {
            rule: rule.id.clone(),
            description: rule.description.clone(),
            line: place.line,
            column: place.column,
            end_column: place.end_column,
            shown: shown(value),
            fingerprint: fingerprint(&rule.id, value),
        }
    }

    /// A sentence with its kind and its first characters.
    #[must_use]
    pub fn message(&self) -> String {
        let Self { description, shown, .. } = self;
        if shown.is_empty() { description.clone() } else { format!("{description}: {shown}") }
    }
}

fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let most = SHOWN.min(text.chars().count() / PART);
    let first = text.chars().take(most).map(|it| if it.is_control() { '·' } else { it });
    if text.is_empty() { String::new() } else { first.chain(['…']).collect() }
}

/// Line endings do not count.
fn fingerprint(rule: &str, value: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(rule);
    digest.update([0]);
    value.split(|it| *it == b'\r').for_each(|part| digest.update(part));
    let mut digits = format!("{:x}", digest.finalize());
    digits.truncate(DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_four_characters_and_a_quarter_are_shown() {
        let cases = [("", ""), ("abc", "…"), ("hunter2!", "hu…"), ("ünicöde_password", "ünic…")];
        for (value, expected) in cases {
            assert_eq!(shown(value.as_bytes()), expected);
        }
        assert_eq!(shown(&[0xff; 40]).chars().count(), 5);
    }

    #[test]
    fn the_fingerprint_knows_rule_and_value_but_no_line_endings() {
        assert_eq!(fingerprint("a", b"x\r\ny"), fingerprint("a", b"x\ny"));
        assert_ne!(fingerprint("a", b"x"), fingerprint("b", b"x"));
        assert_ne!(fingerprint("a", b"x"), fingerprint("a", b"y"));
        assert_eq!(fingerprint("a", b"x").len(), 32);
    }
}
