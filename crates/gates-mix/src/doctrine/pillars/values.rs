//! What can be said about a value from how it is written.

use elixir_syntax::{Call, Code, Node, Op, Tag};

use super::names::is_definition;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// It stands there.
    Literal,
    /// Put together at compile time: of literals, module attributes and `__MODULE__`.
    Compiled,
    /// Known only when the code runs.
    Runtime,
}

/// Where a value comes from.
pub(super) fn origin(node: Node) -> Origin {
    match node.tag() {
        Tag::Str
        | Tag::Charlist
        | Tag::Sigil
        | Tag::QuotedAtom
        | Tag::Block
        | Tag::List
        | Tag::Tuple
        | Tag::Pair => node.kids().map(origin).max().unwrap_or(Origin::Literal),
        Tag::Text | Tag::Atom | Tag::Int | Tag::Float | Tag::Char | Tag::Alias => Origin::Literal,
        Tag::Unary if is_attribute(node) => Origin::Compiled,
        Tag::Var if matches!(node.name(), "__MODULE__" | "__DIR__" | "__ENV__") => Origin::Compiled,
        Tag::Binary if matches!(node.op(), Some(Op::Concat | Op::PlusPlus | Op::Bar)) => {
            node.kids().map(origin).max().unwrap_or(Origin::Literal)
        }
        Tag::Call if node.name() == "quote" => {
            let foreign = |it: Node| matches!(it.name(), "unquote" | "unquote_splicing");
            if node.descendants().any(foreign) { Origin::Runtime } else { Origin::Literal }
        }
        // `[__DIR__, "x"] |> Path.join()`
        Tag::Binary if node.is_op(Op::Pipe) && node.kid(1).is_some_and(is_path) => {
            node.kids().map(origin).max().unwrap_or(Origin::Literal)
        }
        Tag::Remote if is_path(node) => node.kids().map(origin).max().unwrap_or(Origin::Literal),
        _ => Origin::Runtime,
    }
}

/// A function of `Path` that only works on texts.
fn is_path(node: Node) -> bool {
    let is_module = node.receiver().is_some_and(|it| it.name() == "Path");
    is_module && matches!(node.name(), "join" | "expand" | "dirname" | "basename" | "rootname")
}

/// Is it a text that is put together: with `#{…}` or with `<>`?
pub(super) fn is_put_together(node: Node) -> bool {
    match node.tag() {
        Tag::Block => node.kids().len() == 1 && node.kids().any(is_put_together),
        Tag::Str | Tag::Sigil | Tag::Charlist => node.kids().len() > 0,
        Tag::Binary => matches!(node.op(), Some(Op::Concat | Op::PlusPlus)),
        _ => false,
    }
}

/// `@name`
pub(super) fn is_attribute(node: Node) -> bool {
    node.is_op(Op::At) && node.kid(0).is_some_and(|it| it.tag() == Tag::Var)
}

/// The call around a function (`fn` or `&`) that the node stands in, the nearest first; it stops at the definition around.
pub(super) fn given_to(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let mut inner = node;
    let up = node.ancestors().take_while(|it| !is_definition(*it));
    up.filter(move |outer| {
        let child = std::mem::replace(&mut inner, *outer);
        let is_function =
            child.tag() == Tag::Fn || child.tag() == Tag::Unary && child.is_op(Op::Capture);
        let is_call = matches!(outer.tag(), Tag::Call | Tag::Remote);
        is_function && is_call
    })
}

/// Does the node stand in what a `for` does again and again?
pub(super) fn in_for(node: Node) -> bool {
    let mut inner = node;
    for outer in node.ancestors().take_while(|it| !is_definition(*it)) {
        let is_for = outer.tag() == Tag::Call && outer.name() == "for";
        if is_for && inner.tag() == Tag::DoBlock {
            return true;
        }
        if is_for
            && inner.tag() == Tag::Keywords
            && outer.body("do").is_some_and(|it| contains(it, node))
        {
            return true;
        }
        inner = outer;
    }
    false
}

/// Is `taker` a call of a function of one of these modules? `call` is a call that stands in it.
pub(super) fn is_of(code: &Code, call: &Call, taker: Node, modules: &[&str]) -> bool {
    match taker.receiver() {
        Some(receiver) => {
            let is_module = receiver.tag() == Tag::Alias;
            is_module && modules.contains(&code.resolve(call, receiver.name()).as_ref())
        }
        None => code.calls().find(|it| it.node == taker).is_some_and(|taker| {
            modules.iter().any(|module| code.is_call(taker, module, taker.name))
        }),
    }
}

fn contains(outer: Node, inner: Node) -> bool {
    let (outer, inner) = (outer.span(), inner.span());
    outer.start <= inner.start && inner.end <= outer.end
}

/// `Shop.Repo`, `Repo`, `ReadRepo`
pub(super) fn is_repo(module: &str) -> bool {
    module.rsplit('.').next().is_some_and(|it| it.ends_with("Repo"))
}

/// A part of the source in one line, for messages.
pub(super) fn short(node: Node) -> String {
    let mut words = node.text().split_whitespace();
    let text = words.by_ref().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
