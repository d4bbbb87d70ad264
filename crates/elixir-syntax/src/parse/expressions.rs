//! Operators and what stands between them.

use super::{Broken, DEEPEST, Id, Parsed, Parser};
use crate::node::Tag;
use crate::op::{Assoc, CAPTURE, Op, UNARY};
use crate::token::{T, Token};
use crate::tree::Raw;

impl Parser<'_> {
    /// An expression whose operators bind at least so tightly.
    pub(super) fn expression(&mut self, tightest: u8) -> Parsed {
        if self.depth >= DEEPEST {
            return Err(self.broken("this is nested too deeply"));
        }
        self.depth += 1;
        let result = self.operand().and_then(|first| self.operations(first, tightest));
        self.depth -= 1;
        result
    }

    /// Operators and right operands, for as long as they bind tightly enough.
    fn operations(&mut self, first: Id, tightest: u8) -> Parsed {
        let mut left = first;
        while let Some((op, length)) = self.binary_op() {
            let binds = op.binds();
            if binds < tightest {
                break;
            }
            if op.assoc() == Assoc::Right {
                left = self.chain(left, binds)?;
                continue;
            }
            self.at += length;
            let right = self.expression(binds + 1)?;
            left = self.binary(op, left, right);
        }
        Ok(left)
    }

    /// `a ++ b ++ c` is grouped from the right; so long chains take no stack.
    fn chain(&mut self, first: Id, binds: u8) -> Parsed {
        let mut operands = vec![first];
        let mut ops = Vec::new();
        while let Some((op, length)) = self.binary_op().filter(|(op, _)| op.binds() == binds) {
            self.at += length;
            // `%{base | key: 1}`, `result when result: var`
            let has_keys = matches!(op, Op::Bar | Op::When) && self.at_key();
            operands.push(if has_keys { self.keywords()? } else { self.expression(binds + 1)? });
            ops.push(op);
        }
        let mut right = operands.pop().unwrap_or(first);
        while let (Some(op), Some(left)) = (ops.pop(), operands.pop()) {
            right = self.binary(op, left, right);
        }
        Ok(right)
    }

    /// The operator that goes on with the expression before it, and how many words it has.
    fn binary_op(&self) -> Option<(Op, usize)> {
        let token = self.peek();
        let T::Op(op) = token.kind else { return None };
        if op == Op::Not && self.peek_after(1).kind == T::Op(Op::In) && !token.on_new_line {
            return Some((Op::NotIn, 2));
        }
        // On a line of its own a sign begins something new.
        let begins = op.is_dual() && token.on_new_line;
        (op.binds() > 0 && !begins).then_some((op, 1))
    }

    fn binary(&mut self, op: Op, left: Id, right: Id) -> Id {
        // `not a in b` means `not (a in b)`.
        let inner = self.nodes[left as usize];
        if op == Op::In && inner.tag == Tag::Unary && matches!(inner.op, Some(Op::Not | Op::Bang)) {
            let operand = self.kids[inner.first_kid as usize];
            let within = self.operator(Tag::Binary, op, &[operand, right]);
            return self.unary(inner.op.unwrap_or(Op::Not), inner.start, within);
        }
        self.operator(Tag::Binary, op, &[left, right])
    }

    fn operator(&mut self, tag: Tag, op: Op, operands: &[Id]) -> Id {
        let span = (self.start_of(operands[0]), self.end_of(operands[operands.len() - 1]));
        let mark = self.open.len();
        self.open.extend_from_slice(operands);
        let id = self.finish(tag, span, mark);
        self.nodes[id as usize].op = Some(op);
        id
    }

    fn unary(&mut self, op: Op, start: u32, operand: Id) -> Id {
        let id = self.operator(Tag::Unary, op, &[operand]);
        self.nodes[id as usize].start = start;
        id
    }

    fn operand(&mut self) -> Parsed {
        let token = self.peek();
        let T::Op(op) = token.kind else {
            let primary = self.primary()?;
            return self.postfix(primary);
        };
        if op == Op::Range {
            self.at += 1;
            return Ok(self.leaf(Tag::Ellipsis, token));
        }
        if !op.is_prefix() {
            return Err(self.broken("an operator without anything before it"));
        }
        self.at += 1;
        if op == Op::At {
            let name = self.attribute()?;
            let attribute = self.unary(op, token.start, name);
            return self.postfix(attribute);
        }
        let operand = self.expression(if op == Op::Capture { CAPTURE } else { UNARY })?;
        Ok(self.unary(op, token.start, operand))
    }

    /// What follows `@`: a name, with its value or without.
    fn attribute(&mut self) -> Parsed {
        if self.peek().kind == T::Ident { self.named() } else { self.primary() }
    }

    fn primary(&mut self) -> Parsed {
        let token = self.peek();
        let tag = match token.kind {
            T::Ident => return self.named(),
            T::Open(quote) => return self.quoted(quote),
            T::LParen => return self.parenthesized(),
            T::LBracket => return self.list(),
            T::LBrace => return self.tuple(),
            T::LBits => return self.bits(),
            T::Percent => return self.map(),
            T::Fn => return self.function(),
            T::Alias => Tag::Alias,
            T::Int => Tag::Int,
            T::Float => Tag::Float,
            T::Char => Tag::Char,
            T::Atom => Tag::Atom,
            T::CaptureArg => Tag::CaptureArg,
            T::Ellipsis => Tag::Ellipsis,
            _ => return Err(self.unexpected(token)),
        };
        self.at += 1;
        let leaf = self.leaf(tag, token);
        let before = token.start.checked_sub(1).map(|it| self.source.as_bytes()[it as usize]);
        // The name of an atom is without its colon; the atom begins at it.
        if matches!((tag, before), (Tag::Atom, Some(b':')) | (Tag::CaptureArg, Some(b'&'))) {
            self.nodes[leaf as usize].start -= 1;
        }
        Ok(leaf)
    }

    fn unexpected(&self, token: Token) -> Broken {
        self.broken(match token.kind {
            T::Eof => "the file ends in the middle of an expression",
            T::End => "this `end` closes nothing",
            T::RParen | T::RBracket | T::RBrace | T::RBits => "this closes nothing that is open",
            T::Key | T::CloseKey => "a key has no place here",
            T::Unknown => "no Elixir begins so",
            _ => "an expression should begin here",
        })
    }

    /// Two operands of a binary node, for those who make something else of it.
    pub(super) fn operands(&self, id: Id) -> Option<(Op, Id, Id)> {
        let raw: Raw = self.nodes[id as usize];
        let op = raw.op.filter(|_| raw.tag == Tag::Binary)?;
        let kids = raw.first_kid as usize;
        Some((op, *self.kids.get(kids)?, *self.kids.get(kids + 1)?))
    }
}
