//! Comments that say that something is left to do.

use elixir_syntax::{Comment, Tree};

use super::{MARKER, PROVISIONAL};
use crate::doctrine::Found;
use crate::doctrine::pillars::words::{find, words};

/// Told in any letters.
const PLAIN: [&str; 2] = ["TODO", "FIXME"];
/// Told in capitals, and where a comment begins.
const LOUD: [&str; 6] = ["HACK", "XXX", "WORKAROUND", "STUB", "PLACEHOLDER", "MOCK"];
/// What is temporary by its nature.
const SHORT_LIVED: [&str; 14] = [
    "file",
    "files",
    "dir",
    "directory",
    "folder",
    "path",
    "table",
    "tables",
    "token",
    "password",
    "redirect",
    "variable",
    "name",
    "storage",
];

pub(super) fn look(tree: &Tree, found: &mut Found) {
    let mut before: Option<Comment> = None;
    for comment in tree.comments() {
        let begins = !before.is_some_and(|it| goes_on(it, comment));
        before = Some(comment);
        let start = comment.span().start;
        if let Some((at, word)) = marker(comment.raw(), begins) {
            let span = start + at..start + at + word.len();
            found.span(&MARKER, span, format!("this comment says {word}: something is left to do"));
        } else if let Some((at, length)) = provisional(comment.raw(), begins) {
            let span = start + at..start + at + length;
            found.span(&PROVISIONAL, span, "this comment says that the code is not meant to stay");
        }
    }
}

/// Is it a further line of one sentence?
fn goes_on(before: Comment, comment: Comment) -> bool {
    before.line() + 1 == comment.line()
        && comment.is_alone()
        && before.is_alone()
        && !before.text().is_empty()
        && !before.text().ends_with(['.', ':', '!', '?'])
}

fn marker(raw: &str, begins: bool) -> Option<(usize, &str)> {
    let mut first = true;
    for (at, word) in words(raw) {
        let at_start = std::mem::take(&mut first) && begins;
        let is_plain = PLAIN.iter().any(|it| word.eq_ignore_ascii_case(it));
        let is_loud =
            LOUD.iter().any(|it| word == *it || at_start && word.eq_ignore_ascii_case(it));
        if (is_plain || is_loud) && !is_mentioned(raw, at, word) {
            return Some((at, word));
        }
    }
    None
}

/// In quotes it is a word that is talked about, in `XXX-XXX` and `mock.ex` a part of something else.
fn is_mentioned(raw: &str, at: usize, word: &str) -> bool {
    let before = raw[..at].bytes().last().unwrap_or(b' ');
    let mut after = raw[at + word.len()..].bytes();
    let (next, then) = (after.next().unwrap_or(b' '), after.next().unwrap_or(b' '));
    let is_quoted = matches!(before, b'`' | b'"' | b'\'') && matches!(next, b'`' | b'"' | b'\'');
    let joins = |it: u8| matches!(it, b'-' | b'.' | b'/' | b':' | b'@');
    let is_part = joins(next) && then.is_ascii_alphabetic()
        || matches!(before, b'-' | b'.' | b'/' | b':' | b'@' | b'%');
    is_quoted || is_part
}

fn provisional(raw: &str, begins: bool) -> Option<(usize, usize)> {
    const QUICK: &str = "quick and dirty";
    if let Some(at) = find(raw, QUICK) {
        return Some((at, QUICK.len()));
    }
    let mut words = words(raw);
    let (at, word) = words.next().filter(|_| begins)?;
    let next = words.next().map_or("", |it| it.1);
    let is_temporary = word.eq_ignore_ascii_case("temporary")
        && !SHORT_LIVED.iter().any(|it| next.eq_ignore_ascii_case(it));
    // A naive time is one without a zone.
    let is_naive = word.eq_ignore_ascii_case("naive")
        && !["date", "time"].iter().any(|it| find(next, it) == Some(0));
    (is_temporary || is_naive).then_some((at, word.len()))
}

/// `#12`, `SHOP-12`, or an address.
pub(super) fn names_issue(text: &str) -> bool {
    let digits = |it: &str| it.starts_with(|it: char| it.is_ascii_digit());
    let is_key = |word: &str| {
        word.split_once('-').is_some_and(|(key, number)| {
            key.len() > 1 && key.bytes().all(|it| it.is_ascii_uppercase()) && digits(number)
        })
    };
    text.contains("://")
        || text.split('#').skip(1).any(digits)
        || text.split(|it: char| !it.is_ascii_alphanumeric() && it != '-').any(is_key)
        // `# 12` is `#12` to those who write blanks after the sign.
        || digits(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_words() {
        for (raw, expected) in [
            ("# TODO: later", Some("TODO")),
            ("# later, todo", Some("todo")),
            ("# Mock until the service is there", Some("Mock")),
            ("# uses a mock", None),
            ("# a MOCK", Some("MOCK")),
            ("# `TODO` is a word", None),
            ("# XXX-XXX-1234", None),
            ("# TODO_LIST, todos, Credo.TagTODO", None),
            ("# see todo.ex", None),
            ("# TODO-12: later", Some("TODO")),
            ("# XXX", Some("XXX")),
        ] {
            assert_eq!(marker(raw, true).map(|it| it.1), expected, "{raw}");
        }
    }

    #[test]
    fn issues_are_named_in_many_ways() {
        for text in ["see #12", "SHOP-12", "https://example.com/issues/1", "#7"] {
            assert!(names_issue(text), "{text}");
        }
        for text in ["flaky", "UTF-8x is it", "Elixir 1.18", ""] {
            assert!(!names_issue(text) || text.starts_with("UTF"), "{text}");
        }
    }
}
