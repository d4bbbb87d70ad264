//! Functions that stand for ones that are still to be written.

use elixir_syntax::{Call, Callee, Code, Function, FunctionKind, Module, ModuleKind, Node, Tag};

use super::{NO_OP, NOT_IMPLEMENTED};
use crate::doctrine::Found;
use crate::doctrine::pillars::words::{find, words};

pub(super) fn look(code: &Code, found: &mut Found) {
    for call in code.calls().filter(|it| matches!(it.name, "raise" | "throw")) {
        if says_not_implemented(call) && !code.is_quoted(call) {
            found.node(
                &NOT_IMPLEMENTED,
                call.node,
                "this is not implemented: it fails when it runs",
            );
        }
    }
    for function in code.functions().iter().filter(|it| !it.quoted && !it.name.is_empty()) {
        let Some(body) = first_body(function) else { continue };
        let (name, arity) = (function.name, function.arity);
        if all_bodies(function, is_not_implemented) {
            let message =
                format!("`{name}/{arity}` is not implemented: it never does anything else");
            found.node(&NOT_IMPLEMENTED, body, message);
        } else if is_no_op(code, function) {
            found.node(
                &NO_OP,
                body,
                format!("`{name}/{arity}` takes what it is given and does nothing"),
            );
        }
    }
}

fn says_not_implemented(call: &Call) -> bool {
    let is_local = matches!(call.callee, Callee::Local);
    let is_atom = |it: Node| it.tag() == Tag::Atom && it.name() == "not_implemented";
    match call.name {
        "throw" => is_local && call.arg(0).is_some_and(is_atom),
        _ if !is_local => false,
        _ => call
            .args()
            .any(|it| is_atom(it) || is_text(it) || it.value("message").is_some_and(is_text)),
    }
}

/// A text that says "not implemented", or `TODO`.
fn is_text(node: Node) -> bool {
    let parts = if node.tag() == Tag::Str { Some(node) } else { None };
    parts.into_iter().flat_map(|it| std::iter::once(it).chain(it.kids())).any(|it| {
        let said = it.literal().unwrap_or_default();
        ["not implemented", "not yet implemented"].iter().any(|phrase| find(said, phrase).is_some())
            || words(said).any(|it| it.1.eq_ignore_ascii_case("todo"))
    })
}

/// The one expression of a body.
fn only(body: Node) -> Option<Node> {
    match body.tag() {
        Tag::Section | Tag::Block if body.kids().len() == 1 => only(body.kid(0)?),
        Tag::Section | Tag::Block => None,
        _ => Some(body),
    }
}

fn first_body<'t>(function: &Function<'t>) -> Option<Node<'t>> {
    function.clauses.iter().find_map(|it| it.body("do")).and_then(only)
}

/// Is every clause nothing but this? A last clause for what is not supported is not meant.
fn all_bodies(function: &Function, is: fn(Node) -> bool) -> bool {
    let mut bodies = function.clauses.iter().filter_map(|it| it.body("do")).peekable();
    bodies.peek().is_some() && bodies.all(|it| only(it).is_some_and(is))
}

fn is_not_implemented(body: Node) -> bool {
    let is_atom = |it: Node| it.tag() == Tag::Atom && it.name() == "not_implemented";
    let is_error = |it: Node| it.tag() == Tag::Atom && it.name() == "error";
    is_atom(body)
        || body.tag() == Tag::Tuple
            && body.kids().len() == 2
            && body.kid(0).is_some_and(is_error)
            && body.kid(1).is_some_and(is_atom)
}

fn is_no_op(code: &Code, function: &Function) -> bool {
    let is_nothing = |it: Node| it.tag() == Tag::Atom && matches!(it.text(), ":ok" | "nil");
    let Some(module) = code.modules().get(function.module) else { return false };
    let takes = |clause: &Node| Function::params(*clause).into_iter().all(is_ignored);
    function.kind == FunctionKind::Public
        && function.arity > 0
        && !function.name.starts_with("__")
        && !function.is_callback
        && !may_be_callback(code, module)
        && all_bodies(function, is_nothing)
        && function.clauses.iter().filter(|it| it.body("do").is_some()).all(takes)
}

/// A module with a behaviour and without any `@impl` does not say which functions it asks for.
fn may_be_callback(code: &Code, module: &Module) -> bool {
    let has_behaviour =
        !module.uses.is_empty() || module.attributes.iter().any(|it| it.name == "behaviour");
    let says_which = code.functions_of(module).any(|it| it.is_callback);
    module.kind != ModuleKind::Module || has_behaviour && !says_which
}

/// `_`, `_name`, `%{} = _name` or `_name \\ default`.
fn is_ignored(param: Node) -> bool {
    match param.tag() {
        Tag::Var => param.name().starts_with('_'),
        Tag::Binary => match param.op().map(elixir_syntax::Op::as_str) {
            Some("\\\\") => param.kid(0).is_some_and(is_ignored),
            Some("=") => param.kids().any(is_ignored),
            _ => false,
        },
        _ => false,
    }
}
