//! Expressions one after another, and clauses: `fn`, `do … end`, `(… -> …)`.

use super::{Broken, Id, Parsed, Parser};
use crate::node::Tag;
use crate::op::Op;
use crate::token::T;

impl Parser<'_> {
    pub(super) fn function(&mut self) -> Parsed {
        let (start, mark) = (self.bump().start, self.open.len());
        self.with_do(false, |parser| parser.sequence(&[T::End]))?;
        self.expect(T::End, "this `fn` has no `end`")?;
        let span = (start, self.last_end());
        Ok(self.finish(Tag::Fn, span, mark))
    }

    pub(super) fn do_block(&mut self) -> Parsed {
        let (start, mark) = (self.peek().start, self.open.len());
        while matches!(self.peek().kind, T::Do | T::Section) {
            let (name, mark) = (self.bump(), self.open.len());
            self.with_do(false, |parser| parser.sequence(&[T::End, T::Section]))?;
            let span = (name.start, self.last_end());
            let section = self.finish(Tag::Section, span, mark);
            self.named_as(section, (name.start, name.end));
            self.open.push(section);
        }
        self.expect(T::End, "this `do` has no `end`")?;
        Ok(self.finish(Tag::DoBlock, (start, self.last_end()), mark))
    }

    /// Opens expressions and clauses up to one of these words, which stays.
    pub(super) fn sequence(&mut self, until: &[T]) -> Result<(), Broken> {
        let mut clause: Option<Begun> = None;
        loop {
            while self.eat(T::Semi) {}
            if until.contains(&self.peek().kind) {
                break;
            }
            let (start, mark) = (self.peek().start, self.open.len());
            if self.peek().kind != T::Arrow {
                self.clause_arguments()?;
            }
            if self.peek().kind == T::Arrow {
                clause = Some(self.begin_clause(clause, start, mark));
                continue;
            }
            self.statement_ends(start, mark, until)?;
        }
        if let Some(clause) = clause {
            self.end_clause(&clause);
        }
        Ok(())
    }

    /// What was read since `mark` is no clause: it must be one expression, and its line must end.
    fn statement_ends(&mut self, start: u32, mark: usize, until: &[T]) -> Result<(), Broken> {
        if self.open.len() - mark > 1 {
            if until != [T::RParen] {
                return Err(self.broken("a comma has no place here"));
            }
            let args = self.finish(Tag::Args, (start, self.last_end()), mark);
            self.open.push(args);
        }
        let next = self.peek();
        if next.kind == T::Semi || next.on_new_line || until.contains(&next.kind) {
            return Ok(());
        }
        Err(self.broken("a line should end here"))
    }

    /// The arguments since `mark` begin a clause, and end the one before.
    fn begin_clause(&mut self, before: Option<Begun>, start: u32, mark: usize) -> Begun {
        let arguments = self.open.split_off(mark);
        if let Some(before) = before {
            self.end_clause(&before);
        }
        let mark = self.open.len();
        self.open.extend(arguments);
        self.spread(mark);
        let arrow = self.bump();
        Begun { start, mark, body: self.open.len(), body_start: arrow.end }
    }

    fn end_clause(&mut self, begun: &Begun) {
        let last = self.open[begun.body..].last().map_or(begun.body_start, |it| self.end_of(*it));
        let body = self.finish(Tag::Block, (begun.body_start, last), begun.body);
        self.open.push(body);
        let clause = self.finish(Tag::Clause, (begun.start, last), begun.mark);
        self.open.push(clause);
    }

    /// One expression; several where a clause begins.
    fn clause_arguments(&mut self) -> Result<(), Broken> {
        loop {
            let argument = if self.at_key() { self.keywords()? } else { self.expression(0)? };
            self.open.push(argument);
            if !self.eat(T::Comma) {
                return Ok(());
            }
        }
    }

    /// Takes the arguments out of parentheses, and the guard from the last of them.
    fn spread(&mut self, mark: usize) {
        let [before @ .., last] = &self.open[mark..] else { return };
        let (before, last) = (before.to_vec(), *last);
        let (mut args, guard) = match self.operands(last) {
            Some((Op::When, args, guard)) => {
                ([before, self.out_of_parentheses(args)].concat(), Some(guard))
            }
            _ => ([before, self.out_of_parentheses(last)].concat(), None),
        };
        self.open.truncate(mark);
        let Some(guard) = guard else {
            self.open.append(&mut args);
            return;
        };
        let start = args.first().map_or(self.start_of(guard), |it| self.start_of(*it));
        let within = self.open.len();
        self.open.append(&mut args);
        self.open.push(guard);
        let when = self.finish(Tag::When, (start, self.end_of(guard)), within);
        self.open.push(when);
    }

    fn out_of_parentheses(&self, args: Id) -> Vec<Id> {
        match self.tag_of(args) {
            Tag::Args => self.kids_of(args),
            Tag::Block if self.nodes[args as usize].kids == 0 => Vec::new(),
            _ => vec![args],
        }
    }
}

/// A clause whose body is being read.
struct Begun {
    start: u32,
    /// Where its arguments are open.
    mark: usize,
    /// Where its body is.
    body: usize,
    body_start: u32,
}
