//! One node of a syntax tree, and what it is.

use std::fmt;
use std::ops::Range;

use crate::op::Op;
use crate::tree::{NOBODY, Raw, Tree};

/// What a node is. Its children are in the order of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// A name without arguments: a variable, or a call without parentheses.
    Var,
    /// `Some.Module`; its [`name`](Node::name) is as it is written.
    Alias,
    /// A whole number.
    Int,
    /// A number with a point.
    Float,
    /// `?a`
    Char,
    /// `:name`, `true`, `false`, `nil`, or the key of a keyword; its name is without the colon.
    Atom,
    /// `:"…"`, or a quoted key. Children as those of a string.
    QuotedAtom,
    /// `"…"` or a heredoc. With interpolation its children are texts and blocks, else it has none and its name is what it says.
    Str,
    /// `'…'`, as a string.
    Charlist,
    /// `~w(…)`: children as those of a string; see [`sigil`](Node::sigil).
    Sigil,
    /// The literal text between interpolations.
    Text,
    /// `[…]`
    List,
    /// `{…}`
    Tuple,
    /// `%{…}`: pairs, or one [`Update`](Self::Update).
    Map,
    /// `%Name{…}`: the name, then what a map has.
    Struct,
    /// `<<…>>`
    Bits,
    /// `base | key: value`: the base, then pairs.
    Update,
    /// `key: value` at the end of arguments: pairs.
    Keywords,
    /// `key: value` or `key => value`.
    Pair,
    /// `name(…)`, `name …` or `name do … end`: the arguments, then a [`DoBlock`](Self::DoBlock).
    Call,
    /// `receiver.name(…)`: the receiver, then what a call has. Without parentheses and arguments it may be a field.
    Remote,
    /// `function.(…)`: the function, then the arguments.
    Anonymous,
    /// `unquote(name)(…)`: what is called, then what a call has.
    CallOf,
    /// `Some.{One, Two}`: the common part, then the others.
    MultiAlias,
    /// `__MODULE__.Name`: what comes before, then the alias.
    DotAlias,
    /// `base[key]`
    Access,
    /// An operator and what it works on.
    Unary,
    /// Two operands with an operator between.
    Binary,
    /// `a, b when guard`: the arguments, then the guard.
    When,
    /// `&1`
    CaptureArg,
    /// `fn … end`: clauses.
    Fn,
    /// `arguments -> body`: the arguments, then a block.
    Clause,
    /// Expressions one after another; also what stands in parentheses.
    Block,
    /// `do … end`: sections.
    DoBlock,
    /// `do`, `rescue`, `catch`, `else` or `after` of a do-block: expressions, or clauses.
    Section,
    /// `...`
    Ellipsis,
    /// `(a, b)` where arguments of a clause stand.
    Args,
}

/// A node of a [`Tree`]. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    pub(crate) tree: &'t Tree,
    pub(crate) id: u32,
}

impl<'t> Node<'t> {
    /// What it is.
    #[must_use]
    pub fn tag(self) -> Tag {
        self.raw().tag
    }

    /// The operator of a unary or binary node.
    #[must_use]
    pub fn op(self) -> Option<Op> {
        self.raw().op
    }

    /// The tree it is of.
    #[must_use]
    pub fn tree(self) -> &'t Tree {
        self.tree
    }

    /// Its source text.
    #[must_use]
    pub fn text(self) -> &'t str {
        self.tree.slice((self.raw().start, self.raw().end))
    }

    /// Where it stands, in bytes.
    #[must_use]
    pub fn span(self) -> Range<usize> {
        self.raw().start as usize..self.raw().end as usize
    }

    /// Its name: of a variable, an alias, an atom, a called function, a section; what a string without interpolation says, as
    /// it is written. Empty where there is none.
    #[must_use]
    pub fn name(self) -> &'t str {
        self.tree.slice(self.raw().name)
    }

    /// Where its name begins, in bytes.
    #[must_use]
    pub fn name_start(self) -> usize {
        self.raw().name.0 as usize
    }

    /// The line it begins in, from 1.
    #[must_use]
    pub fn line(self) -> u32 {
        self.tree.line_at(self.raw().start as usize)
    }

    /// The column it begins at, in characters from 1.
    #[must_use]
    pub fn column(self) -> u32 {
        self.tree.column_at(self.raw().start as usize)
    }

    /// The line it ends in, from 1.
    #[must_use]
    pub fn last_line(self) -> u32 {
        self.tree.line_at((self.raw().end as usize).saturating_sub(1))
    }

    /// Its children.
    #[must_use]
    pub fn kids(self) -> Kids<'t> {
        let raw = self.raw();
        let range = raw.first_kid as usize..(raw.first_kid + raw.kids) as usize;
        Kids { tree: self.tree, ids: self.tree.kids.get(range).unwrap_or_default().iter() }
    }

    /// One child.
    #[must_use]
    pub fn kid(self, index: usize) -> Option<Self> {
        self.kids().nth(index)
    }

    /// What it hangs on.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let id = self.tree.parents[self.id as usize];
        (id != NOBODY).then_some(Node { tree: self.tree, id })
    }

    /// What it hangs on, the nearest first.
    pub fn ancestors(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), |it| it.parent())
    }

    /// It and all below it, each before its children.
    #[must_use]
    pub fn descendants(self) -> Descendants<'t> {
        Descendants { tree: self.tree, open: vec![self.id] }
    }

    /// The receiver of a remote call.
    #[must_use]
    pub fn receiver(self) -> Option<Self> {
        if self.tag() == Tag::Remote { self.kid(0) } else { None }
    }

    /// The arguments of a call, without its do-block.
    #[must_use]
    pub fn args(self) -> impl DoubleEndedIterator<Item = Self> {
        let skip = usize::from(matches!(self.tag(), Tag::Remote | Tag::Anonymous | Tag::CallOf));
        let is_call = skip == 1 || self.tag() == Tag::Call;
        let args = self.kids().skip(skip).filter(|it| it.tag() != Tag::DoBlock);
        args.filter(move |_| is_call)
    }

    /// Its `do … end`.
    #[must_use]
    pub fn do_block(self) -> Option<Self> {
        self.kids().next_back().filter(|it| it.tag() == Tag::DoBlock)
    }

    /// The value of a key: of a list, a map or keywords, and of the last argument of a call.
    #[must_use]
    pub fn value(self, key: &str) -> Option<Self> {
        let pairs = match self.tag() {
            Tag::Call | Tag::Remote | Tag::CallOf => self.args().next_back()?,
            _ => self,
        };
        if !matches!(pairs.tag(), Tag::Keywords | Tag::List | Tag::Map | Tag::Update) {
            return None;
        }
        let mut pairs = pairs.kids().filter(|it| it.tag() == Tag::Pair);
        let pair = pairs
            .find(|it| it.kid(0).is_some_and(|it| it.tag() == Tag::Atom && it.name() == key))?;
        pair.kid(1)
    }

    /// A section of its do-block, or the same as a keyword: `do: value`.
    #[must_use]
    pub fn body(self, section: &str) -> Option<Self> {
        let sections = self.do_block().into_iter().flat_map(Node::kids);
        let written = sections.into_iter().find(|it| it.name() == section);
        written.or_else(|| self.value(section))
    }

    /// What a text without interpolation says, as it is written.
    #[must_use]
    pub fn literal(self) -> Option<&'t str> {
        let is_text = matches!(
            self.tag(),
            Tag::Str | Tag::Charlist | Tag::Sigil | Tag::QuotedAtom | Tag::Text
        );
        (is_text && self.raw().kids == 0).then(|| self.name())
    }

    /// The letters of a sigil.
    #[must_use]
    pub fn sigil(self) -> &'t str {
        let rest = self.text().strip_prefix('~').unwrap_or_default();
        let length = match rest.bytes().next() {
            Some(b'a'..=b'z') => 1,
            _ => {
                rest.bytes().take_while(|it| it.is_ascii_uppercase() || it.is_ascii_digit()).count()
            }
        };
        &rest[..length]
    }

    /// Is it a heredoc, in quotes or as a sigil?
    #[must_use]
    pub fn is_heredoc(self) -> bool {
        let text =
            self.text().trim_start_matches(|it: char| it == '~' || it.is_ascii_alphanumeric());
        matches!(self.tag(), Tag::Str | Tag::Charlist | Tag::Sigil)
            && (text.starts_with("\"\"\"") || text.starts_with("'''"))
    }

    /// Is it a binary or unary node of this operator?
    #[must_use]
    pub fn is_op(self, op: Op) -> bool {
        self.op() == Some(op)
    }

    fn raw(self) -> &'t Raw {
        &self.tree.nodes[self.id as usize]
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && std::ptr::eq(self.tree, other.tree)
    }
}

impl Eq for Node<'_> {}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} `{}`", self.tag(), self.text())
    }
}

/// The children of a node.
#[derive(Clone, Debug)]
pub struct Kids<'t> {
    tree: &'t Tree,
    ids: std::slice::Iter<'t, u32>,
}

impl<'t> Iterator for Kids<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        self.ids.next().map(|id| Node { tree: self.tree, id: *id })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ids.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<Node<'t>> {
        self.ids.nth(n).map(|id| Node { tree: self.tree, id: *id })
    }
}

impl DoubleEndedIterator for Kids<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.ids.next_back().map(|id| Node { tree: self.tree, id: *id })
    }
}

impl ExactSizeIterator for Kids<'_> {}

/// A node and all below it.
#[derive(Clone, Debug)]
pub struct Descendants<'t> {
    tree: &'t Tree,
    open: Vec<u32>,
}

impl<'t> Iterator for Descendants<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        let node = Node { tree: self.tree, id: self.open.pop()? };
        self.open.extend(node.kids().rev().map(|it| it.id));
        Some(node)
    }
}
