//! Names, keys, atoms, numbers and characters.

use super::Lexer;
use crate::op::Op;
use crate::token::{Quote, T};

impl Lexer<'_> {
    pub(super) fn word(&mut self) {
        let start = self.at;
        let is_alias = self.text[start].is_ascii_uppercase();
        self.name();
        self.rest_of_key();
        let end = self.at;
        if self.peek(0) == Some(b':') && self.peek(1).is_some_and(|it| it.is_ascii_whitespace()) {
            self.push(T::Key, start, end);
            self.at = end + 1;
            return;
        }
        let text = std::str::from_utf8(&self.text[start..end]).unwrap_or_default();
        let kind = if is_alias {
            T::Alias
        } else if self.after_dot() {
            T::Ident
        } else if let Some(op) = Op::word(text) {
            if self.has_arity(end) { T::Ident } else { T::Op(op) }
        } else {
            reserved(text)
        };
        self.push(kind, start, end);
    }

    /// In a key, and only there, `@` may stand within the name.
    fn rest_of_key(&mut self) {
        if self.peek(0) != Some(b'@') {
            return;
        }
        let length =
            self.text[self.at..].iter().take_while(|it| is_name(**it) || **it == b'@').count();
        let after = (self.peek(length), self.peek(length + 1));
        if after.0 == Some(b':') && after.1.is_some_and(|it| it.is_ascii_whitespace()) {
            self.at += length;
        }
    }

    /// Steps over a name: letters, digits, `_`, `@` inside atoms, and one `?` or `!` at the end.
    fn name(&mut self) {
        while self.peek(0).is_some_and(is_name) {
            self.at += 1;
        }
        let is_comparison =
            self.peek(1) == Some(b'=') && !matches!(self.peek(2), Some(b'=' | b'~' | b'>'));
        if matches!(self.peek(0), Some(b'?' | b'!')) && !is_comparison {
            self.at += 1;
        }
    }

    /// `:name`, `:"quoted"`, `:+` or `::`.
    pub(super) fn colon(&mut self) {
        let start = self.at;
        match self.peek(1) {
            Some(b'"' | b'\'') => {
                self.at += 1;
                self.quoted_atom(start);
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => {
                self.at += 1;
                while self.peek(0).is_some_and(|it| is_name(it) || it == b'@') {
                    self.at += 1;
                }
                if matches!(self.peek(0), Some(b'?' | b'!')) && self.peek(1) != Some(b'=') {
                    self.at += 1;
                }
                self.push(T::Atom, start + 1, self.at);
            }
            Some(b':') if self.peek(2) != Some(b':') => self.operator(),
            _ => self.operator_atom(),
        }
    }

    fn operator_atom(&mut self) {
        let start = self.at + 1;
        let rest = &self.text[start.min(self.text.len())..];
        let containers: [&[u8]; 8] = [b"<<>>", b"..//", b"%{}", b"...", b"{}", b"->", b"%", b"."];
        let container = containers.into_iter().find(|it| rest.starts_with(it)).map(<[u8]>::len);
        let range =
            rest.starts_with(b"..") && !rest.starts_with(b"..//") && !rest.starts_with(b"...");
        let length = if range {
            Some(2)
        } else {
            container.or_else(|| Op::at(rest).map(|it| it.as_str().len()))
        };
        if let Some(length) = length {
            self.at = start + length;
            self.push(T::Atom, start, self.at);
        }
    }

    fn quoted_atom(&mut self, start: usize) {
        // The token begins at the colon.
        let quote = self.text[self.at];
        self.at += 1;
        self.push(T::Open(Quote::Atom), start, self.at);
        self.inside(super::Delimiter::short(quote, true));
    }

    pub(super) fn number(&mut self) {
        let start = self.at;
        let radix = self.peek(0) == Some(b'0') && matches!(self.peek(1), Some(b'x' | b'b' | b'o'));
        if radix {
            self.at += 2;
            self.digits(|it| it.is_ascii_hexdigit());
            return self.push(T::Int, start, self.at);
        }
        self.digits(|it| it.is_ascii_digit());
        if self.peek(0) != Some(b'.') || !self.peek(1).is_some_and(|it| it.is_ascii_digit()) {
            return self.push(T::Int, start, self.at);
        }
        self.at += 1;
        self.digits(|it| it.is_ascii_digit());
        let sign = usize::from(matches!(self.peek(1), Some(b'+' | b'-')));
        if matches!(self.peek(0), Some(b'e' | b'E'))
            && self.peek(1 + sign).is_some_and(|it| it.is_ascii_digit())
        {
            self.at += 1 + sign;
            self.digits(|it| it.is_ascii_digit());
        }
        self.push(T::Float, start, self.at);
    }

    /// Steps over digits, and over `_` between two of them.
    fn digits(&mut self, is_digit: impl Fn(u8) -> bool) {
        while let Some(byte) = self.peek(0) {
            let between = byte == b'_' && self.peek(1).is_some_and(&is_digit);
            if !is_digit(byte) && !between {
                break;
            }
            self.at += 1;
        }
    }

    /// `?a`, `?\n`, `?é`, `?\x{1F600}`.
    pub(super) fn character(&mut self) {
        let start = self.at;
        self.at += 1;
        if self.peek(0) == Some(b'\\') {
            self.at += 1;
            if matches!(self.peek(0), Some(b'x' | b'u')) && self.peek(1) == Some(b'{') {
                while self.peek(0).is_some_and(|it| it != b'}' && it != b'\n') {
                    self.at += 1;
                }
            } else if matches!(self.peek(0), Some(b'x' | b'u')) {
                let most = if self.peek(0) == Some(b'x') { 2 } else { 4 };
                let hex = (1..=most)
                    .take_while(|it| self.peek(*it).is_some_and(|it| it.is_ascii_hexdigit()));
                self.at += hex.count();
            }
        }
        self.at += 1;
        // The rest of a character of several bytes.
        while self.peek(0).is_some_and(|it| it & 0xc0 == 0x80) {
            self.at += 1;
        }
        self.at = self.at.min(self.text.len());
        self.push(T::Char, start, self.at);
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn reserved(text: &str) -> T {
    match text {
        "do" => T::Do,
        "end" => T::End,
        "fn" => T::Fn,
        "rescue" | "catch" | "else" | "after" => T::Section,
        "true" | "false" | "nil" => T::Atom,
        _ => T::Ident,
    }
}
