//! Can Ecto run one migration backward?

use elixir_syntax::{Call, Callee, Code, Function, Module, Node, Tag};

/// A place that has no way back, and why.
pub(super) type NoWay<'t> = (Node<'t>, String);

/// What keeps a migration from being undone, if anything does. Ecto takes `down` first, and else runs `change` backward.
pub(super) fn no_way_back<'t>(code: &Code<'t>, module: &Module<'t>) -> Option<NoWay<'t>> {
    let has = |name: &str| code.functions_of(module).find(|it| it.name == name && it.arity == 0);
    match (has("up"), has("change"), has("down")) {
        (None, None, _) => None,
        (.., Some(down)) => no_way_down(down),
        (_, Some(_), None) => backward(code, module),
        (Some(up), None, None) => {
            let node = up.node().unwrap_or(module.node);
            Some((node, "it has up/0 and no down/0, so it cannot be undone".into()))
        }
    }
}

/// Why `down` does not lead down, if it does not.
fn no_way_down<'t>(down: &Function<'t>) -> Option<NoWay<'t>> {
    let node = down.node()?;
    let body = node.body("do");
    let steps: Vec<Node> = match body {
        None => Vec::new(),
        Some(body) if matches!(body.tag(), Tag::Section | Tag::Block) => body.kids().collect(),
        Some(one) => vec![one],
    };
    if let Some(raises) = steps.iter().find(|it| it.tag() == Tag::Call && it.name() == "raise") {
        return Some((*raises, "its down/0 raises, so it cannot be undone".into()));
    }
    let says_nothing = |it: &Node| it.tag() == Tag::Atom;
    steps
        .iter()
        .all(says_nothing)
        .then(|| (node, "its down/0 does nothing, so it cannot be undone".into()))
}

/// The first command of `change`, or of what it calls, that Ecto cannot run backward.
fn backward<'t>(code: &Code<'t>, module: &Module<'t>) -> Option<NoWay<'t>> {
    let here = |it: &&Call<'t>| {
        let own = code.module_of(it).is_some_and(|it| it.node == module.node);
        own && code.function_of(it).is_some_and(|it| !matches!(it.name, "up" | "down"))
    };
    let mut calls = code.calls().filter(here).filter(|it| it.callee == Callee::Local);
    calls.find_map(|call| {
        let why = one_way(call)?;
        (!asks_direction(call.node)).then_some((call.node, why))
    })
}

/// Why a command only leads forward, if it does. What it is given in a variable is not known, and not held against it.
fn one_way(call: &Call) -> Option<String> {
    let (name, arity) = (call.name, call.arity());
    let told = |more: &str| Some(format!("`{name}/{arity}` in change/0 cannot be undone{more}"));
    match (name, arity) {
        ("execute" | "execute_file", 1) | ("remove_if_exists", _) => told(""),
        ("remove", 1) => told(" without the column's type"),
        ("drop" | "drop_if_exists", _) => {
            let what = call.arg(0).filter(|it| it.tag() == Tag::Call)?;
            match what.name() {
                "table" | "constraint" => Some(format!(
                    "`{name} {}` in change/0 cannot be undone: Ecto does not know what was there",
                    what.name()
                )),
                _ => None,
            }
        }
        ("modify", 2) => told(" without `from:`"),
        ("modify", 3) => {
            let options = call.arg(2)?;
            let is_written = matches!(options.tag(), Tag::Keywords | Tag::List);
            if is_written && options.value("from").is_none() {
                told(" without `from:`")
            } else {
                None
            }
        }
        _ => None,
    }
}

/// Does it stand where somebody asked whether the migration goes up or down?
fn asks_direction(node: Node) -> bool {
    let asks = |it: Node| {
        matches!(it.name(), "if" | "unless" | "case")
            && it.args().next().is_some_and(|it| it.text().contains("direction()"))
    };
    node.ancestors().any(asks)
}
