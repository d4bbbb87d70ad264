//! A tree as an outline: one line a node, as `outline.exs` writes what Elixir reads.

use elixir_syntax::{Node, Op, Tag, Tree};

pub(crate) fn of(tree: &Tree) -> String {
    let mut out = String::new();
    walk(tree.root(), 0, &mut out);
    out
}

fn line(out: &mut String, depth: usize, text: &str) {
    out.extend(std::iter::repeat_n(' ', depth));
    out.push_str(text);
    out.push('\n');
}

fn all<'t>(nodes: impl Iterator<Item = Node<'t>>, depth: usize, out: &mut String) {
    nodes.for_each(|it| walk(it, depth, out));
}

fn walk(node: Node, depth: usize, out: &mut String) {
    let deeper = depth + 1;
    match node.tag() {
        Tag::Text => {}
        Tag::Block => block(node, depth, out),
        Tag::Unary | Tag::Binary => operator(node, depth, out),
        Tag::DotAlias => {
            line(out, depth, &format!("dot alias {}", node.name()));
            node.kid(0).into_iter().for_each(|it| walk(it, deeper, out));
        }
        Tag::Section => {
            line(out, depth, &format!("section {}", node.name()));
            block(node, deeper, out);
        }
        _ => {
            line(out, depth, &title(node));
            all(node.kids(), deeper, out);
        }
    }
}

fn title(node: Node) -> String {
    let name = node.name();
    match node.tag() {
        Tag::Var => format!("var {name}"),
        Tag::Alias => format!("alias {name}"),
        Tag::CaptureArg => format!("capture {name}"),
        Tag::Atom => format!("atom {name}"),
        Tag::QuotedAtom if node.kids().len() == 0 => format!("atom {name}"),
        Tag::QuotedAtom => "quoted atom".to_owned(),
        Tag::Str => "string".to_owned(),
        Tag::Sigil => format!("sigil {}", node.sigil()),
        Tag::Call => format!("call {name} @{}", node.line()),
        Tag::Remote => format!("remote {name}"),
        Tag::CallOf => "call of".to_owned(),
        Tag::MultiAlias => "multi alias".to_owned(),
        Tag::When if node.kids().len() == 2 => "op when".to_owned(),
        Tag::DoBlock => "do".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// One expression stands for itself, in parentheses or not.
fn block(node: Node, depth: usize, out: &mut String) {
    let kids: Vec<_> = node.kids().collect();
    match kids[..] {
        [only] if only.tag() != Tag::Clause => walk(only, depth, out),
        [first, ..] if first.tag() == Tag::Clause => {
            line(out, depth, "clauses");
            all(node.kids(), depth + 1, out);
        }
        _ => {
            line(out, depth, "block");
            all(node.kids(), depth + 1, out);
        }
    }
}

fn operator(node: Node, depth: usize, out: &mut String) {
    let within = |it: Node| it.tag() == Tag::Binary && it.op() == Some(Op::In);
    let inner = node.kid(0).map(unwrapped);
    if node.op() == Some(Op::NotIn) {
        line(out, depth, "not in");
        line(out, depth + 1, "op in");
        return all(node.kids(), depth + 2, out);
    }
    if node.tag() == Tag::Unary && node.op() == Some(Op::Not) && inner.is_some_and(within) {
        line(out, depth, "not in");
        return all(node.kids(), depth + 1, out);
    }
    line(out, depth, &format!("op {}", node.op().map_or("?", Op::as_str)));
    all(node.kids(), depth + 1, out);
}

fn unwrapped(node: Node) -> Node {
    match node.tag() {
        Tag::Block if node.kids().len() == 1 => node.kid(0).map_or(node, unwrapped),
        _ => node,
    }
}
