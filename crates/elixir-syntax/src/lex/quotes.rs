//! Strings, charlists, heredocs and sigils, with code between `#{` and `}`.

use super::{Interrupted, Lexer};
use crate::token::{Quote, T};

/// What ends the quotes, and whether code may stand in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delimiter {
    end: u8,
    /// Three of them, first on their line.
    heredoc: bool,
    interpolates: bool,
    sigil: bool,
}

impl Delimiter {
    pub(super) fn short(end: u8, interpolates: bool) -> Self {
        Self { end, heredoc: false, interpolates, sigil: false }
    }
}

impl Lexer<'_> {
    pub(super) fn quoted(&mut self) {
        let end = self.text[self.at];
        let quote = if end == b'"' { Quote::Str } else { Quote::Charlist };
        let heredoc = self.starts_heredoc(end, 0);
        self.open_quotes(quote, if heredoc { 3 } else { 1 });
        self.inside(Delimiter { heredoc, ..Delimiter::short(end, true) });
    }

    /// `~s(…)`, `~S"""`, `~HTML[…]`; `false` if it is none.
    pub(super) fn sigil(&mut self) -> bool {
        let letters = self.text[self.at + 1..].iter();
        let Some(first) = self.peek(1).filter(u8::is_ascii_alphabetic) else { return false };
        let length = match first {
            b'a'..=b'z' => 1,
            _ => letters.take_while(|it| it.is_ascii_uppercase() || it.is_ascii_digit()).count(),
        };
        let interpolates = first.is_ascii_lowercase();
        let Some(open) = self.peek(1 + length) else { return false };
        let end = match open {
            b'(' => b')',
            b'[' => b']',
            b'{' => b'}',
            b'<' => b'>',
            b'/' | b'|' | b'"' | b'\'' => open,
            _ => return false,
        };
        let heredoc = self.starts_heredoc(open, 1 + length);
        self.open_quotes(Quote::Sigil, 1 + length + if heredoc { 3 } else { 1 });
        self.inside(Delimiter { end, heredoc, interpolates, sigil: true });
        true
    }

    fn starts_heredoc(&self, quote: u8, ahead: usize) -> bool {
        matches!(quote, b'"' | b'\'') && (0..3).all(|it| self.peek(ahead + it) == Some(quote))
    }

    /// The text between quotes, from here to its end or to the next `#{`.
    pub(super) fn inside(&mut self, delimiter: Delimiter) {
        let start = self.at;
        loop {
            match self.next_special(delimiter) {
                // A line break that is escaped can still be the one before the end of a heredoc.
                Some(b'\\') => {
                    let is_break = matches!(self.peek(1), Some(b'\n' | b'\r'));
                    self.at = (self.at + if is_break { 1 } else { 2 }).min(self.text.len());
                }
                Some(b'#') if self.peek(1) == Some(b'{') => {
                    self.text_until_here(start);
                    self.take(T::Interpolate, 2);
                    self.open.push(Interrupted { delimiter, braces: 0 });
                    return;
                }
                Some(b'\n') => {
                    if let Some(blanks) = self.ends_heredoc(delimiter) {
                        self.text_until_here(start);
                        self.at += blanks;
                        return self.close(delimiter, 3);
                    }
                    self.at += 1;
                }
                Some(byte) if byte == delimiter.end && !delimiter.heredoc => {
                    self.text_until_here(start);
                    return self.close(delimiter, 1);
                }
                Some(_) => self.at += 1,
                None => {
                    self.broke(start, "this text has no end");
                    self.text_until_here(start);
                    return self.push(T::Close, self.at, self.at);
                }
            }
        }
    }

    /// Steps to the next byte that may mean something.
    fn next_special(&mut self, delimiter: Delimiter) -> Option<u8> {
        let rest = &self.text[self.at..];
        let ends = if delimiter.heredoc { b'\n' } else { delimiter.end };
        let found = if delimiter.interpolates {
            memchr::memchr3(ends, b'\\', b'#', rest)
        } else {
            memchr::memchr2(ends, b'\\', rest)
        };
        self.at = found.map_or(self.text.len(), |ahead| self.at + ahead);
        self.peek(0)
    }

    /// At a line break: how far it is to the quotes that end the heredoc, if they come next.
    fn ends_heredoc(&self, delimiter: Delimiter) -> Option<usize> {
        let rest = &self.text[self.at + 1..];
        let blanks = rest.iter().take_while(|it| matches!(it, b' ' | b'\t')).count();
        let quotes = rest[blanks..].iter().take(3).filter(|it| **it == delimiter.end).count();
        (delimiter.heredoc && quotes == 3).then_some(1 + blanks)
    }

    fn text_until_here(&mut self, start: usize) {
        if self.at > start {
            self.push(T::Text, start, self.at);
        }
    }

    fn close(&mut self, delimiter: Delimiter, length: usize) {
        let start = self.at;
        self.at += length;
        let after = (self.peek(0), self.peek(1));
        if delimiter.sigil {
            while self.peek(0).is_some_and(|it| it.is_ascii_alphanumeric()) {
                self.at += 1;
            }
        } else if after.0 == Some(b':') && after.1.is_some_and(|it| it.is_ascii_whitespace()) {
            self.push(T::CloseKey, start, self.at);
            self.at += 1;
            return;
        }
        self.push(T::Close, start, self.at);
    }
}
