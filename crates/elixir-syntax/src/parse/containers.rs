//! Lists, tuples, maps, structs, bits, keywords, parentheses.

use super::{Broken, Id, Parsed, Parser};
use crate::node::Tag;
use crate::op::Op;
use crate::token::T;

impl Parser<'_> {
    pub(super) fn list(&mut self) -> Parsed {
        self.container(Tag::List, T::RBracket, Self::pairs)
    }

    pub(super) fn bits(&mut self) -> Parsed {
        self.container(Tag::Bits, T::RBits, Self::pairs)
    }

    pub(super) fn tuple(&mut self) -> Parsed {
        self.container(Tag::Tuple, T::RBrace, |parser| {
            let keywords = parser.keywords()?;
            parser.open.push(keywords);
            Ok(())
        })
    }

    fn container(
        &mut self,
        tag: Tag,
        close: T,
        keys: fn(&mut Self) -> Result<(), Broken>,
    ) -> Parsed {
        let (start, mark) = (self.bump().start, self.open.len());
        self.with_do(false, |parser| parser.items(close, keys))?;
        let span = (start, self.last_end());
        Ok(self.finish(tag, span, mark))
    }

    /// `%{…}` or `%Name{…}`.
    pub(super) fn map(&mut self) -> Parsed {
        let (start, mark) = (self.bump().start, self.open.len());
        let mut tag = Tag::Map;
        if self.peek().kind != T::LBrace {
            tag = Tag::Struct;
            let name = self.struct_name()?;
            self.open.push(name);
        }
        self.expect(T::LBrace, "a map or a struct should have braces here")?;
        let first = self.open.len();
        self.with_do(false, |parser| parser.items(T::RBrace, Self::pairs))?;
        self.map_items(first);
        let span = (start, self.last_end());
        Ok(self.finish(tag, span, mark))
    }

    /// The name between `%` and `{`.
    fn struct_name(&mut self) -> Parsed {
        let token = self.peek();
        if let T::Op(Op::Pin | Op::At) = token.kind {
            self.at += 1;
            let name = self.struct_name()?;
            let mark = self.open.len();
            self.open.push(name);
            let id = self.finish(Tag::Unary, (token.start, self.end_of(name)), mark);
            self.nodes[id as usize].op =
                if token.kind == T::Op(Op::At) { Some(Op::At) } else { Some(Op::Pin) };
            return Ok(id);
        }
        let mut name = match token.kind {
            T::Alias => {
                self.at += 1;
                self.leaf(Tag::Alias, token)
            }
            T::Ident => self.named()?,
            T::Open(quote) => self.quoted(quote)?,
            T::Atom => {
                self.at += 1;
                self.leaf(Tag::Atom, token)
            }
            _ => return Err(self.broken("the name of a struct should stand here")),
        };
        while self.peek().kind == T::Dot && self.peek_after(1).kind != T::LBrace {
            name = self.dot_of_struct(name)?;
        }
        Ok(name)
    }

    fn dot_of_struct(&mut self, name: Id) -> Parsed {
        let last = self.peek_after(1);
        if last.kind == T::Alias {
            self.at += 2;
            return Ok(self.dot_alias(name, last));
        }
        self.postfix(name)
    }

    /// Makes pairs of `key => value`, and an update of `base | …`.
    fn map_items(&mut self, first: usize) {
        let updated = self.open.get(first).copied().and_then(|it| self.updated(it));
        if let Some((base, changed)) = updated {
            let rest = self.open.split_off(first + 1);
            self.open.truncate(first);
            return self.update(base, changed, &rest);
        }
        for index in first..self.open.len() {
            self.as_pair(self.open[index]);
        }
    }

    /// The base of `base | key: value` or `base | key => value`, and what follows the bar.
    fn updated(&mut self, item: Id) -> Option<(Id, Id)> {
        match self.operands(item)? {
            (Op::Bar, base, changed) => Some((base, changed)),
            (Op::Assoc, left, value) => match self.operands(left)? {
                (Op::Bar, base, key) => Some((base, self.again(Op::Assoc, key, value))),
                _ => None,
            },
            _ => None,
        }
    }

    fn update(&mut self, base: Id, changed: Id, rest: &[Id]) {
        let mark = self.open.len();
        self.open.push(base);
        let pairs = if self.tag_of(changed) == Tag::Keywords {
            self.kids_of(changed)
        } else {
            vec![changed]
        };
        for pair in pairs.into_iter().chain(rest.iter().copied()) {
            self.as_pair(pair);
            self.open.push(pair);
        }
        let span = (self.start_of(base), self.last_end());
        let update = self.finish(Tag::Update, span, mark);
        self.open.push(update);
    }

    fn again(&mut self, op: Op, left: Id, right: Id) -> Id {
        let mark = self.open.len();
        self.open.extend([left, right]);
        let span = (self.start_of(left), self.end_of(right));
        let id = self.finish(Tag::Binary, span, mark);
        self.nodes[id as usize].op = Some(op);
        id
    }

    fn as_pair(&mut self, item: Id) {
        if let Some((Op::Assoc, ..)) = self.operands(item) {
            let node = &mut self.nodes[item as usize];
            (node.tag, node.op) = (Tag::Pair, None);
        }
    }

    /// Opens items up to the closing word; `keys` opens those that come last and have keys.
    pub(super) fn items(
        &mut self,
        close: T,
        keys: fn(&mut Self) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        while self.peek().kind != close {
            if self.at_key() {
                keys(self)?;
            } else {
                let item = self.argument()?;
                self.open.push(item);
            }
            if !self.eat(T::Comma) {
                break;
            }
        }
        self.expect(close, "a comma or the closing bracket should stand here")?;
        Ok(())
    }

    /// Does a key come next, bare or in quotes?
    pub(super) fn at_key(&self) -> bool {
        match self.peek().kind {
            T::Key => true,
            T::Open(_) => self.is_quoted_key(),
            _ => false,
        }
    }

    /// All pairs with keys that follow, as one node.
    pub(super) fn keywords(&mut self) -> Parsed {
        let (start, mark) = (self.peek().start, self.open.len());
        self.pairs()?;
        let span = (start, self.last_end());
        Ok(self.finish(Tag::Keywords, span, mark))
    }

    /// Opens all pairs with keys that follow. A comma after the last stays.
    fn pairs(&mut self) -> Result<(), Broken> {
        loop {
            let pair = self.pair()?;
            self.open.push(pair);
            let another = matches!(self.peek_after(1).kind, T::Key) || self.is_quoted_key_at(1);
            if self.peek().kind != T::Comma || !another {
                return Ok(());
            }
            self.at += 1;
        }
    }

    fn pair(&mut self) -> Parsed {
        let (start, mark) = (self.peek().start, self.open.len());
        let key = match self.peek().kind {
            T::Key => {
                let token = self.bump();
                self.leaf(Tag::Atom, token)
            }
            _ => self.quoted_key()?,
        };
        self.open.push(key);
        let value = self.expression(0)?;
        self.open.push(value);
        Ok(self.finish(Tag::Pair, (start, self.end_of(value)), mark))
    }

    /// `(…)`: expressions, clauses, or the arguments of a clause.
    pub(super) fn parenthesized(&mut self) -> Parsed {
        let (start, mark) = (self.bump().start, self.open.len());
        self.with_do(false, |parser| parser.sequence(&[T::RParen]))?;
        self.expect(T::RParen, "this parenthesis is not closed")?;
        let span = (start, self.last_end());
        if let [args] = self.open[mark..]
            && self.tag_of(args) == Tag::Args
        {
            self.open.truncate(mark);
            return Ok(args);
        }
        Ok(self.finish(Tag::Block, span, mark))
    }
}
