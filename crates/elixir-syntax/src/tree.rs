//! The syntax tree of one file: nodes in one vector, read through [`Node`].

use std::ops::Range;

use crate::comment::Comment;
use crate::node::{Node, Tag};
use crate::op::Op;
use crate::parse::parse;

/// What cannot be read in a source text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
}

/// A source text and its syntax tree.
///
/// Text that is not Elixir makes a tree all the same, with [`errors`](Self::errors) and without the expressions that they are in.
///
/// ```
/// use elixir_syntax::{Tag, Tree};
///
/// let tree = Tree::parse("name |> String.to_atom()");
/// let pipe = tree.root().kids().next().unwrap();
/// assert_eq!(pipe.tag(), Tag::Binary);
/// assert_eq!(pipe.kid(1).unwrap().name(), "to_atom");
/// assert!(tree.errors().is_empty());
/// ```
#[derive(Debug)]
pub struct Tree {
    pub(crate) source: String,
    pub(crate) nodes: Vec<Raw>,
    pub(crate) kids: Vec<u32>,
    pub(crate) parents: Vec<u32>,
    pub(crate) root: u32,
    pub(crate) comments: Vec<(u32, u32)>,
    pub(crate) lines: Vec<u32>,
    pub(crate) errors: Vec<SyntaxError>,
}

/// A node as it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw {
    pub(crate) tag: Tag,
    pub(crate) op: Option<Op>,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) name: (u32, u32),
    pub(crate) first_kid: u32,
    pub(crate) kids: u32,
}

/// A node that hangs on no other.
pub(crate) const NOBODY: u32 = u32::MAX;

impl Tree {
    /// Reads a source text.
    #[must_use]
    pub fn parse(source: impl Into<String>) -> Self {
        parse(source.into())
    }

    /// The source text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The whole file: a block of its expressions.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node { tree: self, id: self.root }
    }

    /// What could not be read; empty for Elixir.
    #[must_use]
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// The comments, in order.
    pub fn comments(&self) -> impl Iterator<Item = Comment<'_>> {
        self.comments.iter().map(|range| Comment { tree: self, range: *range })
    }

    /// The line of a byte, from 1.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> u32 {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        let line = self.lines.partition_point(|it| *it <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The column of a byte, in characters from 1.
    #[must_use]
    pub fn column_at(&self, offset: usize) -> u32 {
        let line = self.line_at(offset);
        let start = self.line_range(line).start;
        let before = self.source.get(start..offset).map_or(0, |it| it.chars().count());
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// How many lines there are.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines.len() - usize::from(self.source.is_empty() || self.source.ends_with('\n'))
    }

    /// The text of a line, counted from 1, without its end; empty where there is none.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        self.source[self.line_range(line)].trim_end_matches(['\n', '\r'])
    }

    fn line_range(&self, line: u32) -> Range<usize> {
        let start = |line: u32| self.lines.get(line as usize).map(|it| *it as usize);
        let all = self.source.len();
        let first = line.checked_sub(1).and_then(start).unwrap_or(all);
        first..start(line).unwrap_or(all)
    }

    pub(crate) fn slice(&self, (start, end): (u32, u32)) -> &str {
        self.source.get(start as usize..end as usize).unwrap_or_default()
    }
}
