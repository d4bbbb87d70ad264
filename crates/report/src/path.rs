//! Where pages stand at `pipeline serve`.

use std::fmt::Write as _;

/// The page of an environment.
#[must_use]
pub fn env_path(name: &str) -> String {
    format!("/env/{}", segment(name))
}

/// The page of a run.
#[must_use]
pub fn run_path(version: &str) -> String {
    format!("/runs/{}", segment(version))
}

/// A name as a part of a path (RFC 3986): whatever is not unreserved is written as its bytes.
fn segment(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_part_of_the_path() {
        assert_eq!(env_path("staging-eu"), "/env/staging-eu");
        assert_eq!(env_path("../a b?\"x"), "/env/%2E%2E%2Fa%20b%3F%22x");
        assert_eq!(run_path("v12"), "/runs/v12");
    }
}
