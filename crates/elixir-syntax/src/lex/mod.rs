//! Text to words: code and text, docs and comments told apart.

mod quotes;
mod words;

use crate::op::Op;
use crate::token::{Quote, T, Token};
use quotes::Delimiter;

/// All words of a source text, its comments as byte ranges, and the first thing that is wrong with it.
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<(u32, u32)>,
    pub(crate) broken: Option<(u32, &'static str)>,
}

pub(crate) fn lex(source: &str) -> Lexed {
    let mut lexer = Lexer {
        text: source.as_bytes(),
        at: 0,
        on_new_line: true,
        spaced: true,
        tokens: Vec::with_capacity(source.len() / 4),
        comments: Vec::new(),
        open: Vec::new(),
        broken: None,
    };
    lexer.run();
    Lexed { tokens: lexer.tokens, comments: lexer.comments, broken: lexer.broken }
}

/// Quotes that code in `#{…}` will return to.
struct Interrupted {
    delimiter: Delimiter,
    /// Braces that are open inside the `#{`.
    braces: u32,
}

struct Lexer<'s> {
    text: &'s [u8],
    at: usize,
    on_new_line: bool,
    spaced: bool,
    tokens: Vec<Token>,
    comments: Vec<(u32, u32)>,
    open: Vec<Interrupted>,
    broken: Option<(u32, &'static str)>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        loop {
            self.skip_blanks();
            if self.at >= self.text.len() {
                break;
            }
            self.next();
        }
        if !self.open.is_empty() {
            self.broke(self.at, "an interpolation is not closed");
        }
        self.push(T::Eof, self.at, self.at);
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\r' | 0x0c => self.spaced = true,
                b'\n' => (self.spaced, self.on_new_line) = (true, true),
                b'\\' if matches!(self.peek(1), Some(b'\n' | b'\r')) => {
                    self.spaced = true;
                    self.at += 1 + usize::from(self.peek(1) == Some(b'\r'));
                }
                b'#' => {
                    let rest = &self.text[self.at..];
                    let end = self.at + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    self.comments.push((offset(self.at), offset(end)));
                    self.at = end;
                    continue;
                }
                0xef if self.at == 0 && self.text.starts_with("\u{feff}".as_bytes()) => {
                    self.at += 2;
                }
                _ => return,
            }
            self.at += 1;
        }
    }

    fn next(&mut self) {
        let start = self.at;
        let byte = self.text[start];
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(),
            b'0'..=b'9' => self.number(),
            b'"' | b'\'' => self.quoted(),
            b'~' if self.sigil() => {}
            b':' => self.colon(),
            b'%' | b'{' | b'<' | b'.' if self.container_key() => {}
            b'?' if self.peek(1).is_some_and(|it| !it.is_ascii_whitespace()) => self.character(),
            b'(' => self.take(T::LParen, 1),
            b')' => self.take(T::RParen, 1),
            b'[' => self.take(T::LBracket, 1),
            b']' => self.take(T::RBracket, 1),
            b'{' => self.open_brace(),
            b'}' => self.close_brace(),
            b',' => self.take(T::Comma, 1),
            b';' => self.take(T::Semi, 1),
            b'%' => self.take(T::Percent, 1),
            b'.' => self.dots(),
            b'-' if self.peek(1) == Some(b'>') => self.take(T::Arrow, 2),
            b'<' if self.starts("<<") && !self.starts("<<<") && !self.starts("<<~") => {
                self.take(T::LBits, 2);
            }
            b'>' if self.starts(">>") && !self.starts(">>>") => self.take(T::RBits, 2),
            b'&' if self.peek(1).is_some_and(|it| it.is_ascii_digit()) && !self.after_dot() => {
                self.capture();
            }
            _ => self.operator(),
        }
        if self.at == start {
            self.take(T::Unknown, 1);
        }
    }

    /// `%{}: 1`: what is built of brackets can be a key as well.
    fn container_key(&mut self) -> bool {
        let keys = ["%{}", "{}", "<<>>", "%", "...", ".."];
        let rest = &self.text[self.at..];
        let is_key = |it: &&str| {
            let after = rest.strip_prefix(it.as_bytes()).and_then(|it| it.strip_prefix(b":"));
            after.is_some_and(|it| it.first().is_some_and(u8::is_ascii_whitespace))
        };
        let Some(key) = keys.iter().find(|it| is_key(it)) else { return false };
        self.take(T::Key, key.len());
        self.at += 1;
        true
    }

    fn open_brace(&mut self) {
        if let Some(outer) = self.open.last_mut() {
            outer.braces += 1;
        }
        self.take(T::LBrace, 1);
    }

    fn close_brace(&mut self) {
        match self.open.last_mut() {
            Some(outer) if outer.braces == 0 => {
                let delimiter = outer.delimiter;
                self.open.pop();
                self.take(T::Resume, 1);
                self.inside(delimiter);
            }
            Some(outer) => {
                outer.braces -= 1;
                self.take(T::RBrace, 1);
            }
            None => self.take(T::RBrace, 1),
        }
    }

    fn dots(&mut self) {
        if self.starts("...") {
            self.take(T::Ellipsis, 3);
        } else if self.starts("..") {
            self.operator();
        } else {
            self.take(T::Dot, 1);
        }
    }

    fn capture(&mut self) {
        let start = self.at + 1;
        self.at = start;
        while self.peek(0).is_some_and(|it| it.is_ascii_digit()) {
            self.at += 1;
        }
        self.push(T::CaptureArg, start, self.at);
    }

    /// An operator; where it is named instead of used (`Kernel.+`, `&+/2`, `+: 1`), a name.
    fn operator(&mut self) {
        let Some(op) = Op::at(&self.text[self.at..]) else { return };
        let (start, end) = (self.at, self.at + op.as_str().len());
        self.at = end;
        let is_key =
            self.peek(0) == Some(b':') && self.peek(1).is_some_and(|it| it.is_ascii_whitespace());
        let blanks = self.text[end..].iter().take_while(|it| matches!(it, b' ' | b'\t')).count();
        let is_named =
            self.text.get(end + blanks) == Some(&b'/') && op != Op::Divide && op != Op::Step;
        if is_key {
            self.push(T::Key, start, end);
            self.at = end + 1;
        } else if self.after_dot() || is_named {
            self.push(T::Ident, start, end);
        } else {
            self.push(T::Op(op), start, end);
        }
    }

    /// Is an operator that ends here followed by `/`, as in `&+/2`?
    fn has_arity(&self, end: usize) -> bool {
        let blanks = self.text[end..].iter().take_while(|it| matches!(it, b' ' | b'\t')).count();
        self.text.get(end + blanks) == Some(&b'/')
    }

    fn after_dot(&self) -> bool {
        self.tokens.last().is_some_and(|it| it.kind == T::Dot)
    }

    fn take(&mut self, kind: T, length: usize) {
        let start = self.at;
        self.at += length;
        self.push(kind, start, self.at);
    }

    fn push(&mut self, kind: T, start: usize, end: usize) {
        let (on_new_line, spaced) = (self.on_new_line, self.spaced);
        self.tokens.push(Token {
            kind,
            on_new_line,
            spaced,
            start: offset(start),
            end: offset(end),
        });
        (self.on_new_line, self.spaced) = (false, false);
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn starts(&self, with: &str) -> bool {
        self.text[self.at..].starts_with(with.as_bytes())
    }

    fn broke(&mut self, at: usize, why: &'static str) {
        self.broken.get_or_insert((offset(at), why));
    }

    fn open_quotes(&mut self, quote: Quote, length: usize) {
        self.take(T::Open(quote), length);
    }
}

/// Sources are cut at 4 GiB long before they are read.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
