//! The words of Elixir.

use crate::op::Op;

/// What kind of word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum T {
    /// `name`, `name?`, `name!`, and an operator that is named.
    Ident,
    /// One segment of `Some.Module`.
    Alias,
    /// `key:`; its text is without the colon.
    Key,
    Int,
    Float,
    /// `?a`
    Char,
    /// `:name`, `true`, `false`, `nil`; its text is without the colon.
    Atom,
    Open(Quote),
    /// Literal text between quotes.
    Text,
    /// `#{`
    Interpolate,
    /// The `}` of `#{`.
    Resume,
    /// The end of quotes, with modifiers of a sigil.
    Close,
    /// The end of quotes that are a key: `"key":`.
    CloseKey,
    Op(Op),
    /// `&1`; its text is the number.
    CaptureArg,
    Do,
    End,
    Fn,
    /// `rescue`, `catch`, `else`, `after`
    Section,
    LParen,
    RParen,
    LBracket,
    RBracket,
    LBrace,
    RBrace,
    LBits,
    RBits,
    Percent,
    Comma,
    Semi,
    Dot,
    /// `...`
    Ellipsis,
    Arrow,
    /// What no Elixir begins with.
    Unknown,
    Eof,
}

/// What stands between quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    Str,
    Charlist,
    Sigil,
    Atom,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: T,
    /// Is there a line break before it?
    pub(crate) on_new_line: bool,
    /// Is there white space before it?
    pub(crate) spaced: bool,
    pub(crate) start: u32,
    pub(crate) end: u32,
}
