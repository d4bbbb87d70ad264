//! What the names in a function mean: which value a variable has, which function a call reaches.

use elixir_syntax::{Call, Callee, Code, Node, Op, Tag};

/// What gives a variable its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Binding<'t> {
    /// A match, a clause, a `for` or `with`, or a definition.
    pub(super) by: Node<'t>,
    /// All that it stands for; `None` if it is a parameter or part of a pattern.
    pub(super) value: Option<Node<'t>>,
}

/// What gave `name` the value that it has at `at`; `None` where nothing in the file does.
pub(super) fn binding<'t>(name: &str, at: Node<'t>) -> Option<Binding<'t>> {
    let mut inner = at;
    for outer in at.ancestors() {
        let found = match outer.tag() {
            Tag::Section | Tag::Block => last_match(name, outer, inner),
            Tag::Call if matches!(outer.name(), "with" | "for") => last_match(name, outer, inner),
            Tag::Clause if heads(outer).any(|it| binds(it, name)) => {
                Some(Binding { by: outer, value: None })
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        if is_definition(outer) {
            let binds = outer.kid(0).is_some_and(|it| binds(it, name));
            return binds.then_some(Binding { by: outer, value: None });
        }
        inner = outer;
    }
    None
}

/// The value that a variable was given before `at`, if it stands there as a whole.
pub(super) fn assigned<'t>(variable: Node<'t>, at: Node<'t>) -> Option<Node<'t>> {
    binding(variable.name(), at)?.value
}

/// Of the expressions in `outer` before `inner`, the last that gives `name` a value.
fn last_match<'t>(name: &str, outer: Node<'t>, inner: Node<'t>) -> Option<Binding<'t>> {
    let before = outer.kids().take_while(|it| it.span().end <= inner.span().start);
    let matches = before.filter(|it| it.is_op(Op::Match) || it.is_op(Op::LeftArrow));
    let by = matches.filter(|it| it.kid(0).is_some_and(|it| binds(it, name))).last()?;
    let whole = by.is_op(Op::Match) && by.kid(0).is_some_and(|it| it.tag() == Tag::Var);
    Some(Binding { by, value: by.kid(1).filter(|_| whole) })
}

fn heads(clause: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    clause.kids().take(clause.kids().len().saturating_sub(1))
}

/// Does the pattern give this variable a value?
fn binds(pattern: Node, name: &str) -> bool {
    pattern.descendants().any(|it| it.tag() == Tag::Var && it.name() == name && is_pattern(it))
}

/// Is the variable given a value here, and not read?
pub(super) fn is_pattern(variable: Node) -> bool {
    let mut inner = variable;
    for outer in variable.ancestors() {
        let is_last = outer.kids().next_back() == Some(inner);
        match outer.tag() {
            _ if outer.is_op(Op::Pin) => return false,
            Tag::When if is_last => return false,
            Tag::Binary if outer.is_op(Op::When) && is_last => return false,
            Tag::Clause => return !is_last,
            Tag::Binary if matches!(outer.op(), Some(Op::Match | Op::LeftArrow)) && !is_last => {
                return true;
            }
            // `def f(x \\ y)`: the default is read.
            Tag::Binary if outer.is_op(Op::Default) && is_last => return false,
            Tag::Call if is_definition(outer) => return outer.kid(0) == Some(inner),
            Tag::Section | Tag::DoBlock | Tag::Fn => return false,
            _ => {}
        }
        inner = outer;
    }
    false
}

/// `def`, `defmodule` and their kin: names of outside are not known within.
pub(super) fn is_definition(node: Node) -> bool {
    node.tag() == Tag::Call
        && matches!(node.name(), "def" | "defp" | "defmacro" | "defmacrop" | "defmodule")
}

/// Is it the head of a definition rather than a call: `def name(…)`?
pub(super) fn is_head(node: Node) -> bool {
    let outer = node.parent().filter(|it| !it.is_op(Op::When) && it.tag() != Tag::When);
    outer.or_else(|| node.parent()?.parent()).is_some_and(|it| {
        let head = it.args().next();
        is_definition(it) && head.is_some_and(|it| it == node || it.kid(0) == Some(node))
    })
}

/// Does a local call reach a function of its own module, or one that an `import` brings by name? Neither the language nor Ecto
/// counts.
pub(super) fn is_own(code: &Code, call: &Call) -> bool {
    let (name, arity) = (call.name, call.arity());
    let defines = |module| {
        code.functions_of(module).any(|it| it.name == name && it.arities().contains(&arity))
    };
    let names = |import: &Call| {
        let only = import.option("only").into_iter().flat_map(Node::kids);
        only.filter_map(|it| it.kid(0)).any(|it| it.name() == name)
    };
    let is_foreign = |module: &str| module != "Kernel" && !module.starts_with("Ecto.");
    call.callee == Callee::Local
        && (code.module_of(call).is_some_and(defines)
            || imports(code).any(|(import, module)| {
                names(import) && is_foreign(&module) && code.is_call(call, &module, name)
            }))
}

/// The `import`s of a file, each with the whole name of its module.
pub(super) fn imports<'c, 't>(
    code: &'c Code<'t>,
) -> impl Iterator<Item = (&'c Call<'t>, std::borrow::Cow<'t, str>)> {
    let written = code.calls().filter(|it| it.name == "import" && it.callee == Callee::Local);
    written.filter_map(|it| {
        let module = it.arg(0).filter(|it| it.tag() == Tag::Alias)?;
        Some((it, code.resolve(it, module.name())))
    })
}
