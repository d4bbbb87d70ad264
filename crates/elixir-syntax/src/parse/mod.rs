//! Words to a tree: a parser by binding powers.

mod calls;
mod clauses;
mod containers;
mod expressions;
mod quotes;

use crate::lex::{Lexed, lex};
use crate::node::Tag;
use crate::op::Op;
use crate::token::{T, Token};
use crate::tree::{NOBODY, Raw, SyntaxError, Tree};

/// Expressions may be nested so deeply; code of people is far from it.
const DEEPEST: u32 = 220;

/// The id of a node.
type Id = u32;
type Parsed = Result<Id, Broken>;

/// Where reading stopped, and why.
struct Broken {
    at: u32,
    message: &'static str,
}

pub(crate) fn parse(source: String) -> Tree {
    let Lexed { tokens, comments, broken } = lex(&source);
    let mut parser = Parser {
        source: &source,
        nodes: Vec::with_capacity(tokens.len()),
        kids: Vec::with_capacity(tokens.len()),
        tokens,
        at: 0,
        open: Vec::new(),
        without_do: false,
        depth: 0,
        broken: broken.map(|(at, message)| Broken { at, message }).into_iter().collect(),
    };
    let root = parser.whole();
    let Parser { nodes, kids, broken, .. } = parser;
    let lines = lines(&source);
    let parents = parents(&nodes, &kids);
    let mut tree = Tree { source, nodes, kids, parents, root, comments, lines, errors: Vec::new() };
    tree.errors = broken.into_iter().map(|it| error(&tree, &it)).collect();
    tree
}

fn error(tree: &Tree, broken: &Broken) -> SyntaxError {
    let at = broken.at as usize;
    let (line, column) = (tree.line_at(at), tree.column_at(at));
    SyntaxError { message: broken.message.to_owned(), line, column }
}

/// Where each line begins.
fn lines(source: &str) -> Vec<u32> {
    let breaks = memchr::memchr_iter(b'\n', source.as_bytes());
    let after = breaks.map(|it| u32::try_from(it + 1).unwrap_or(u32::MAX));
    std::iter::once(0).chain(after).collect()
}

fn parents(nodes: &[Raw], kids: &[u32]) -> Vec<u32> {
    let mut parents = vec![NOBODY; nodes.len()];
    for (id, node) in (0..).zip(nodes) {
        let range = node.first_kid as usize..(node.first_kid + node.kids) as usize;
        for kid in &kids[range] {
            parents[*kid as usize] = id;
        }
    }
    parents
}

struct Parser<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    at: usize,
    nodes: Vec<Raw>,
    kids: Vec<u32>,
    /// Children of nodes that are not finished.
    open: Vec<Id>,
    /// Does a `do` belong to a call further out?
    without_do: bool,
    depth: u32,
    broken: Vec<Broken>,
}

impl Parser<'_> {
    fn whole(&mut self) -> Id {
        let mark = self.open.len();
        while let Err(broken) = self.sequence(&[T::Eof]) {
            self.broken.push(broken);
            self.recover();
        }
        let end = u32::try_from(self.source.len()).unwrap_or(u32::MAX);
        self.finish(Tag::Block, (0, end), mark)
    }

    fn peek(&self) -> Token {
        self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn peek_after(&self, ahead: usize) -> Token {
        self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    fn bump(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn eat(&mut self, kind: T) -> bool {
        let is = self.peek().kind == kind;
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, kind: T, message: &'static str) -> Result<Token, Broken> {
        if self.peek().kind == kind { Ok(self.bump()) } else { Err(self.broken(message)) }
    }

    fn broken(&self, message: &'static str) -> Broken {
        Broken { at: self.peek().start, message }
    }

    /// Goes on at the next line that begins a definition: what lies between is lost, and is an error already.
    fn recover(&mut self) {
        loop {
            self.at += 1;
            let token = self.peek();
            let word = || &self.source[token.start as usize..token.end as usize];
            let begins = token.on_new_line
                && (token.kind == T::Op(Op::At)
                    || token.kind == T::Ident && word().starts_with("def"));
            if begins || token.kind == T::Eof {
                return;
            }
        }
    }

    /// A node with the children that were opened since `mark`.
    fn finish(&mut self, tag: Tag, span: (u32, u32), mark: usize) -> Id {
        let first_kid = self.kids.len();
        self.kids.extend_from_slice(&self.open[mark..]);
        let kids = self.open.len() - mark;
        self.open.truncate(mark);
        self.node(Raw {
            tag,
            op: None,
            start: span.0,
            end: span.1,
            name: (0, 0),
            first_kid: u32::try_from(first_kid).unwrap_or(u32::MAX),
            kids: u32::try_from(kids).unwrap_or(u32::MAX),
        })
    }

    /// A node without children.
    fn leaf(&mut self, tag: Tag, token: Token) -> Id {
        let span = (token.start, token.end);
        let mark = self.open.len();
        let id = self.finish(tag, span, mark);
        self.named_as(id, span)
    }

    fn named_as(&mut self, id: Id, name: (u32, u32)) -> Id {
        self.nodes[id as usize].name = name;
        id
    }

    fn node(&mut self, raw: Raw) -> Id {
        self.nodes.push(raw);
        u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    fn start_of(&self, id: Id) -> u32 {
        self.nodes[id as usize].start
    }

    fn end_of(&self, id: Id) -> u32 {
        self.nodes[id as usize].end
    }

    fn tag_of(&self, id: Id) -> Tag {
        self.nodes[id as usize].tag
    }

    fn kids_of(&self, id: Id) -> Vec<Id> {
        let raw = self.nodes[id as usize];
        self.kids[raw.first_kid as usize..(raw.first_kid + raw.kids) as usize].to_vec()
    }

    /// The end of what was read last.
    fn last_end(&self) -> u32 {
        self.at.checked_sub(1).and_then(|it| self.tokens.get(it)).map_or(0, |it| it.end)
    }

    /// Does something with `do` belonging to whom it says.
    fn with_do<R>(&mut self, without: bool, read: impl FnOnce(&mut Self) -> R) -> R {
        let before = std::mem::replace(&mut self.without_do, without);
        let result = read(self);
        self.without_do = before;
        result
    }
}
