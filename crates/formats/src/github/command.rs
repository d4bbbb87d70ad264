//! Commands that a workflow gives its runner in its log.

/// Opens a group of log lines.
#[must_use]
pub fn group(title: &str) -> String {
    format!("::group::{}", data(title))
}

/// Closes it.
#[must_use]
pub fn end_group() -> &'static str {
    "::endgroup::"
}

/// A text as it stands after the command.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as it stands as the value of a property.
pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(group("a\n::error::b"), "::group::a%0A::error::b");
        assert_eq!(data("100 %\r\n::x::"), "100 %25%0D%0A::x::");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
