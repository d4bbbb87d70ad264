//! Strings, charlists, sigils, quoted atoms and quoted keys.

use super::{Parsed, Parser};
use crate::node::Tag;
use crate::token::{Quote, T, Token};

impl Parser<'_> {
    pub(super) fn quoted(&mut self, quote: Quote) -> Parsed {
        let tag = match quote {
            Quote::Str => Tag::Str,
            Quote::Charlist => Tag::Charlist,
            Quote::Sigil => Tag::Sigil,
            Quote::Atom => Tag::QuotedAtom,
        };
        let close = self.parts(tag)?;
        if close.1 { Err(self.broken("a key has no place here")) } else { Ok(close.0) }
    }

    /// `"key":`, once it is known to be one.
    pub(super) fn quoted_key(&mut self) -> Parsed {
        let (key, _) = self.parts(Tag::QuotedAtom)?;
        // `"plain": 1` is the same key as `plain: 1`.
        if self.nodes[key as usize].kids == 0 {
            self.nodes[key as usize].tag = Tag::Atom;
        }
        Ok(key)
    }

    /// The parts of a text, and whether it ended as a key does.
    fn parts(&mut self, tag: Tag) -> Result<(u32, bool), super::Broken> {
        let (open, mark) = (self.bump(), self.open.len());
        let mut interpolated = false;
        let mut said = (open.end, open.end);
        loop {
            let token = self.bump();
            match token.kind {
                T::Text => {
                    said = (token.start, token.end);
                    let text = self.leaf(Tag::Text, token);
                    self.open.push(text);
                }
                T::Interpolate => {
                    interpolated = true;
                    self.interpolation(token)?;
                }
                T::Close | T::CloseKey => {
                    if !interpolated {
                        self.open.truncate(mark);
                    }
                    let node = self.finish(tag, (open.start, token.end), mark);
                    self.named_as(node, said);
                    return Ok((node, token.kind == T::CloseKey));
                }
                _ => {
                    self.at -= 1;
                    return Err(self.broken("this text has no end"));
                }
            }
        }
    }

    fn interpolation(&mut self, open: Token) -> Result<(), super::Broken> {
        let mark = self.open.len();
        self.with_do(false, |parser| parser.sequence(&[T::Resume]))?;
        self.expect(T::Resume, "this interpolation has no end")?;
        let block = self.finish(Tag::Block, (open.start, self.last_end()), mark);
        self.open.push(block);
        Ok(())
    }

    /// Do the quotes that begin here end as a key does?
    pub(super) fn is_quoted_key(&self) -> bool {
        self.is_quoted_key_at(0)
    }

    pub(super) fn is_quoted_key_at(&self, ahead: usize) -> bool {
        let start = self.at + ahead;
        if !matches!(
            self.tokens.get(start).map(|it| it.kind),
            Some(T::Open(Quote::Str | Quote::Charlist))
        ) {
            return false;
        }
        let mut depth = 0_u32;
        for token in &self.tokens[start..] {
            match token.kind {
                T::Open(_) => depth += 1,
                T::Close | T::CloseKey => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return token.kind == T::CloseKey;
            }
        }
        false
    }
}
