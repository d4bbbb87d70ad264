//! Names and calls: with parentheses, without, with a receiver, with a do-block.

use super::{Id, Parsed, Parser};
use crate::node::Tag;
use crate::op::Op;
use crate::token::{T, Token};

/// What is known of a call before its arguments are read.
#[derive(Clone, Copy)]
struct Callee {
    tag: Tag,
    start: u32,
    name: (u32, u32),
    /// Where its children, such as a receiver, are open.
    mark: usize,
}

impl Parser<'_> {
    /// A name: a variable, or a call.
    pub(super) fn named(&mut self) -> Parsed {
        let name = self.bump();
        let mark = self.open.len();
        self.call(Callee { tag: Tag::Call, start: name.start, name: (name.start, name.end), mark })
    }

    /// What follows the name of a call.
    fn call(&mut self, callee: Callee) -> Parsed {
        let next = self.peek();
        let mut is_call = true;
        if next.kind == T::LParen && !next.spaced {
            self.at += 1;
            self.arguments(T::RParen)?;
        } else if self.begins_argument() {
            self.with_do(true, Self::bare_arguments)?;
        } else {
            is_call = false;
        }
        let has_block = self.do_block_of_call()?;
        let is_var = callee.tag == Tag::Call && !is_call && !has_block;
        let tag = if is_var { Tag::Var } else { callee.tag };
        let call = self.finish(tag, (callee.start, self.last_end()), callee.mark);
        Ok(self.named_as(call, callee.name))
    }

    /// Opens the do-block as a child, if one follows that belongs to this call.
    fn do_block_of_call(&mut self) -> Result<bool, super::Broken> {
        if self.without_do || self.peek().kind != T::Do {
            return Ok(false);
        }
        let block = self.do_block()?;
        self.open.push(block);
        Ok(true)
    }

    /// Opens arguments as children, up to the closing word.
    fn arguments(&mut self, close: T) -> Result<(), super::Broken> {
        self.with_do(false, |parser| parser.items(close, Self::keywords_argument))
    }

    fn keywords_argument(&mut self) -> Result<(), super::Broken> {
        let keywords = self.keywords()?;
        self.open.push(keywords);
        Ok(())
    }

    /// Opens arguments without parentheses.
    fn bare_arguments(&mut self) -> Result<(), super::Broken> {
        loop {
            if self.at_key() {
                return self.keywords_argument();
            }
            let argument = self.argument()?;
            self.open.push(argument);
            if !self.eat(T::Comma) {
                return Ok(());
            }
        }
    }

    /// An expression, or keywords whose first key is in quotes: only its end tells.
    pub(super) fn argument(&mut self) -> Parsed {
        self.expression(0)
    }

    /// Does the next word begin the first argument of a call without parentheses?
    fn begins_argument(&self) -> bool {
        let (next, after) = (self.peek(), self.peek_after(1));
        if next.on_new_line || !next.spaced {
            return false;
        }
        match next.kind {
            T::Op(Op::Not) => after.kind != T::Op(Op::In),
            T::Op(op) if op.is_dual() => !after.spaced,
            T::Op(op) => op.is_prefix(),
            kind => begins_value(kind),
        }
    }

    /// What may follow a value: `.name`, `(…)`, `[…]`.
    pub(super) fn postfix(&mut self, first: Id) -> Parsed {
        let mut value = first;
        loop {
            let next = self.peek();
            value = match next.kind {
                T::Dot => self.dot(value)?,
                T::LBracket if !next.spaced && self.can_be_indexed(value) => self.access(value)?,
                T::LParen if !next.spaced && self.is_called(value) => self.call_of(value)?,
                _ => return Ok(value),
            };
        }
    }

    /// `name [1]` is a call; `name[1]` is not.
    fn can_be_indexed(&self, value: Id) -> bool {
        self.end_of(value) == self.last_end()
    }

    /// `unquote(name)(…)`: a call with parentheses is what can be called again.
    fn is_called(&self, value: Id) -> bool {
        let calls =
            matches!(self.tag_of(value), Tag::Call | Tag::Remote | Tag::Anonymous | Tag::CallOf);
        calls && self.source.as_bytes().get(self.last_end() as usize - 1) == Some(&b')')
    }

    fn access(&mut self, base: Id) -> Parsed {
        let mark = self.open.len();
        self.open.push(base);
        self.at += 1;
        self.with_do(false, |parser| parser.items(T::RBracket, Self::keywords_argument))?;
        let span = (self.start_of(base), self.last_end());
        Ok(self.finish(Tag::Access, span, mark))
    }

    fn call_of(&mut self, called: Id) -> Parsed {
        let mark = self.open.len();
        self.open.push(called);
        self.at += 1;
        self.arguments(T::RParen)?;
        self.do_block_of_call()?;
        let span = (self.start_of(called), self.last_end());
        Ok(self.finish(Tag::CallOf, span, mark))
    }

    fn dot(&mut self, receiver: Id) -> Parsed {
        self.at += 1;
        let (start, next) = (self.start_of(receiver), self.peek());
        match next.kind {
            T::Ident => {
                self.at += 1;
                let mark = self.open.len();
                self.open.push(receiver);
                let name = (next.start, next.end);
                self.call(Callee { tag: Tag::Remote, start, name, mark })
            }
            T::Alias => {
                self.at += 1;
                Ok(self.dot_alias(receiver, next))
            }
            T::LBrace => self.dot_items(Tag::MultiAlias, receiver, T::RBrace),
            T::LParen => self.dot_items(Tag::Anonymous, receiver, T::RParen),
            T::Open(quote) => {
                let quoted = self.quoted(quote)?;
                let name = self.nodes[quoted as usize].name;
                let mark = self.open.len();
                self.open.push(receiver);
                self.call(Callee { tag: Tag::Remote, start, name, mark })
            }
            _ => Err(self.broken("a name should follow the dot")),
        }
    }

    fn dot_items(&mut self, tag: Tag, receiver: Id, close: T) -> Parsed {
        self.at += 1;
        let mark = self.open.len();
        self.open.push(receiver);
        self.arguments(close)?;
        if tag == Tag::Anonymous {
            self.do_block_of_call()?;
        }
        let span = (self.start_of(receiver), self.last_end());
        Ok(self.finish(tag, span, mark))
    }

    /// `Some` and `.Module` are one alias.
    pub(super) fn dot_alias(&mut self, base: Id, last: Token) -> Id {
        if self.tag_of(base) == Tag::Alias {
            let node = &mut self.nodes[base as usize];
            (node.end, node.name.1) = (last.end, last.end);
            return base;
        }
        let mark = self.open.len();
        let alias = self.leaf(Tag::Alias, last);
        self.open.extend([base, alias]);
        let id = self.finish(Tag::DotAlias, (self.start_of(base), last.end), mark);
        self.named_as(id, (last.start, last.end))
    }
}

/// Does a value begin with this word, whatever comes before it?
fn begins_value(kind: T) -> bool {
    let is_name =
        matches!(kind, T::Ident | T::Alias | T::Key | T::Atom | T::CaptureArg | T::Ellipsis);
    let opens = matches!(
        kind,
        T::LParen | T::LBracket | T::LBrace | T::LBits | T::Percent | T::Fn | T::Open(_)
    );
    is_name || opens || matches!(kind, T::Int | T::Float | T::Char)
}
