//! Output made safe: no escape sequences, no control characters, no secrets.

use std::borrow::Cow;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Shorter secrets are not looked for: hiding every `1` would hide the output itself.
const SHORTEST_SECRET: usize = 4;

/// Turns raw output into text that a terminal shows as it is: ANSI sequences go, and so do control characters
/// and marks that turn the direction of writing.
#[must_use]
pub fn clean(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut chars = text.trim_end_matches(['\r', '\n']).chars().peekable();
    let mut cleaned = String::with_capacity(text.len());
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => skip_escape(&mut chars),
            '\t' | '\r' | '\n' => cleaned.push(' '),
            char if char.is_control() || turns_direction(char) => {}
            char => cleaned.push(char),
        }
    }
    cleaned
}

/// Skips what follows ESC: a control sequence, a string up to its end, or a single character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => while chars.next().is_some_and(|it| !('\u{40}'..='\u{7e}').contains(&it)) {},
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(it) = chars.next() {
                if it == '\u{7}' || (it == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        Some(' '..='/') => while chars.next().is_some_and(|it| (' '..='/').contains(&it)) {},
        _ => {}
    }
}

fn turns_direction(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts to at most `most` bytes, never through a character.
#[must_use]
pub fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// One line of at most `most` bytes, for messages: runs of white space become one space.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= most { line } else { format!("{}…", cut(&line, most)) }
}

/// Takes known secrets out of text.
#[derive(Clone, Default)]
pub struct Redactor {
    hidden: Vec<String>,
}

impl Redactor {
    /// Hides these; of a secret of several lines, each line, for output is read line by line.
    #[must_use]
    pub fn new(secrets: &[SecretString]) -> Self {
        let lines = secrets.iter().flat_map(|secret| secret.expose_secret().lines());
        let mut hidden: Vec<_> = lines
            .map(|line| line.trim().to_owned())
            .filter(|line| line.len() >= SHORTEST_SECRET)
            .collect();
        // The longer first: one secret may contain another.
        hidden.sort_by_key(|it| std::cmp::Reverse(it.len()));
        Self { hidden }
    }

    /// The text without them.
    #[must_use]
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.hidden.iter().fold(Cow::Borrowed(text), |text, secret| {
            if text.contains(secret) { text.replace(secret, "[redacted]").into() } else { text }
        })
    }

    /// The length of the longest one, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.hidden.first().map_or(0, String::len)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} hidden)", self.hidden.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        for (raw, text) in [
            ("\u{1b}[1m\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}Pq#0;2;0;0;0\u{1b}\\sixel", "sixel"),
            ("\u{1b}(Bcharset", "charset"),
            ("\u{1b}cfull reset", "full reset"),
            ("a\u{8}\u{8}b\u{7}", "ab"),
            ("\u{9b}31mc1", "31mc1"),
            ("evil\u{202e}txt.exe", "eviltxt.exe"),
            ("10%\r20%\r", "10% 20%"),
            ("tab\there", "tab here"),
            ("żółw │ └─", "żółw │ └─"),
        ] {
            assert_eq!(clean(raw.as_bytes()), text, "{raw:?}");
        }
    }

    #[test]
    fn secrets_are_hidden_even_when_they_overlap_or_have_several_lines() {
        let secrets = ["token", "token-and-more", "first line\nsecond line", "abc"]
            .map(|it| SecretString::from(it.to_owned()));
        let redactor = Redactor::new(&secrets);
        assert_eq!(redactor.hide("a token-and-more, a token"), "a [redacted], a [redacted]");
        assert_eq!(redactor.hide("second line, abc"), "[redacted], abc");
        assert_eq!(redactor.longest(), 14);
    }

    #[test]
    fn a_message_is_one_line_and_cut_between_characters() {
        assert_eq!(one_line(" a\n  b ", 10), "a b");
        assert_eq!(one_line("żółw", 3), "ż…");
    }

    proptest! {
        #[test]
        fn no_bytes_bring_a_control_character_through(raw: Vec<u8>) {
            prop_assert!(!clean(&raw).chars().any(|it| it.is_control() || turns_direction(it)));
        }
    }
}
