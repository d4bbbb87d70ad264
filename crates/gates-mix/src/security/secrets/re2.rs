//! Regular expressions as Gitleaks reads them: those of RE2, on bytes.

use regex::bytes::{Regex, RegexBuilder};

/// How large one compiled expression may be, in bytes: a bound for files that we did not write.
const LARGEST: usize = 64 * 1024 * 1024;

/// Compiles it. `Err` says in one line what is wrong.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    let first = build(pattern, false);
    let tried = first.or_else(|wrong| {
        // What RE2 takes and we do not: a brace that repeats nothing, and letters beyond ASCII in a class.
        let literal = escape_braces(pattern);
        build(&literal, false).or_else(|_| build(&literal, true)).map_err(|_| wrong)
    });
    tried.map_err(|wrong| one_line(&wrong))
}

/// The pattern as [`compile`] understands it.
pub(super) fn read_as(pattern: &str) -> String {
    if build(pattern, false).is_ok() { pattern.to_owned() } else { escape_braces(pattern) }
}

fn build(pattern: &str, unicode: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(unicode).size_limit(LARGEST).build()
}

fn one_line(wrong: &regex::Error) -> String {
    let text = wrong.to_string();
    let last = text.lines().rev().find_map(|line| line.strip_prefix("error: "));
    last.unwrap_or(text.lines().next().unwrap_or("no regular expression")).to_owned()
}

/// `{` and `}` that are no repetition stand for themselves.
fn escape_braces(pattern: &str) -> String {
    let (mut told, mut rest, mut in_class) = (String::with_capacity(pattern.len()), pattern, false);
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\\' => escaped(rest),
            '{' if !in_class => repetition(rest).unwrap_or_default(),
            '}' if !in_class => "",
            _ => &rest[..first.len_utf8()],
        };
        match first {
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        if taken.is_empty() {
            told.push('\\');
            told.push(first);
        }
        told.push_str(taken);
        rest = &rest[taken.len().max(first.len_utf8())..];
    }
    told
}

/// A backslash with what it escapes: `\p{Greek}` and `\x{7f}` have braces of their own.
fn escaped(rest: &str) -> &str {
    let mut characters = rest.char_indices().skip(1);
    let Some((at, next)) = characters.next() else { return rest };
    let end = at + next.len_utf8();
    if "pPx".contains(next) && rest[end..].starts_with('{') {
        let close = rest.find('}').map_or(end, |it| it + 1);
        return &rest[..close];
    }
    &rest[..end]
}

/// `{3}`, `{3,}` or `{3,5}` at its beginning.
fn repetition(rest: &str) -> Option<&str> {
    let end = rest.find('}')?;
    let (least, most) = rest[1..end].split_once(',').unwrap_or((&rest[1..end], ""));
    let digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    (!least.is_empty() && digits(least) && digits(most)).then(|| &rest[..=end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn braces_that_repeat_nothing_stand_for_themselves() {
        let cases = [
            ("^{{.*}}$", "^\\{\\{.*\\}\\}$"),
            ("a{2,3}b{4}c{5,}", "a{2,3}b{4}c{5,}"),
            ("\\{x\\}[{}]\\p{L}", "\\{x\\}[{}]\\p{L}"),
            ("${A}", "$\\{A\\}"),
        ];
        for (pattern, expected) in cases {
            assert_eq!(escape_braces(pattern), expected);
        }
        assert!(compile("^{{[a-z]+}}$").unwrap().is_match(b"{{name}}"));
        assert!(compile("[é]x").unwrap().is_match("éx".as_bytes()));
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        assert_eq!(compile("a(b").unwrap_err(), "unclosed group");
        assert!(compile("x{3,2}").unwrap_err().contains("invalid repetition count range"));
    }

    proptest! {
        #[test]
        fn no_pattern_panics(pattern: String) {
            let _ = compile(&pattern);
        }
    }
}
