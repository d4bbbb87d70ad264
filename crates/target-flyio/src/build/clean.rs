//! Output made safe: no escape sequences, no control characters, no key to Fly.io.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use secrecy::{ExposeSecret, SecretString};

/// Shorter pieces are not looked for: hiding every `fm2` would hide the output itself.
const SHORTEST_SECRET: usize = 6;

/// Turns raw output into text that a terminal shows as it is.
pub(crate) fn clean(raw: &[u8]) -> String {
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
fn skip_escape(chars: &mut Peekable<Chars<'_>>) {
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
pub(crate) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// One line of at most `most` bytes, for messages: runs of white space become one space.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= most { line } else { format!("{}…", cut(&line, most)) }
}

/// The token as the registry takes it: without the word that says what kind it is
/// (fly-go: tokens/tokens.go, `Docker`).
pub(super) fn registry_token(token: &SecretString) -> &str {
    let whole = token.expose_secret().trim();
    let bare = ["FlyV1 ", "Bearer "].iter().find_map(|kind| whole.strip_prefix(kind));
    bare.unwrap_or(whole).trim()
}

/// What docker keeps of a user and a password.
pub(super) fn docker_auth(token: &SecretString) -> String {
    base64(format!("x:{}", registry_token(token)).as_bytes())
}

/// Takes a token out of text, whole and in all the pieces in which a tool may print it.
pub(super) struct Redactor {
    hidden: Vec<String>,
}

impl Redactor {
    pub(super) fn of_token(token: &SecretString) -> Self {
        let bare = registry_token(token);
        let coded = docker_auth(token);
        let for_urls = coded.replace('+', "-").replace('/', "_");
        let whole = token.expose_secret().lines().map(str::trim);
        let pieces = whole.chain([bare]).chain(bare.split(',')).map(str::to_owned);
        let mut hidden: Vec<String> = pieces
            .chain([coded, for_urls])
            .filter(|piece| piece.len() >= SHORTEST_SECRET && !token.expose_secret().is_empty())
            .collect();
        // The longer first: one may contain another.
        hidden.sort_by_key(|it| std::cmp::Reverse(it.len()));
        hidden.dedup();
        Self { hidden }
    }

    pub(super) fn hide(&self, text: &str) -> String {
        self.hidden.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[redacted]"))
    }

    /// The length of the longest piece, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.hidden.first().map_or(0, String::len)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} hidden)", self.hidden.len())
    }
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let at = (bits >> (18 - 6 * digit) & 63) as usize;
            text.push(if digit <= group.len() { char::from(DIGITS[at]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn base64_is_the_standards_own() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("\u{3ff}\u{3fe}", "z7/Pvg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        for (raw, text) in [
            ("\u{1b}[1m\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}(Bcharset", "charset"),
            ("a\u{8}\u{8}b\u{7}", "ab"),
            ("evil\u{202e}txt.exe", "eviltxt.exe"),
            ("10%\r20%\r", "10% 20%"),
            ("żółw │ └─", "żółw │ └─"),
        ] {
            assert_eq!(clean(raw.as_bytes()), text, "{raw:?}");
        }
    }

    #[test]
    fn a_token_is_hidden_whole_in_pieces_and_coded() {
        let token = token("FlyV1 fm2_first,fm2_second");
        let hide = |text: &str| Redactor::of_token(&token).hide(text);
        for text in [
            "FlyV1 fm2_first,fm2_second",
            "fm2_first,fm2_second",
            "fm2_second",
            &docker_auth(&token),
        ] {
            assert_eq!(hide(&format!("a {text} b")), "a [redacted] b");
        }
        assert_eq!(hide("fm2 and FlyV1"), "fm2 and FlyV1");
        assert_eq!(docker_auth(&self::token("Bearer abc")), base64(b"x:abc"));
    }

    #[test]
    fn no_token_hides_nothing() {
        assert_eq!(Redactor::of_token(&token("")).hide("as it is: eDo="), "as it is: eDo=");
    }

    proptest! {
        #[test]
        fn no_bytes_bring_a_control_character_through(raw: Vec<u8>) {
            prop_assert!(!clean(&raw).chars().any(|it| it.is_control() || turns_direction(it)));
        }
    }
}
