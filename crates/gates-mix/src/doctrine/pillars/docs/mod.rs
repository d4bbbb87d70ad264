//! DOCS: what is public says what it is for, and what it takes and gives.

mod pure;

use elixir_syntax::{Code, Doc, Function, FunctionKind, Module, Node, Tag};
use pipeline_core::Level;

use crate::doctrine::documented::{doc_of, functions, modules, said};
use crate::doctrine::{Codebase, Found, Pillar, Rule, Source};

const MODULEDOC: Rule = Rule::blocking(
    "DOCS/moduledoc",
    "say in a @moduledoc what the module is for, or `@moduledoc false` if nobody else should use it",
);
const DOC: Rule = Rule::blocking(
    "DOCS/doc",
    "say in a @doc what it does, `@impl true` if a behaviour asks for it, or make it private",
);
const SPEC: Rule =
    Rule::blocking("DOCS/spec", "write a @spec: what it takes, and all that it may give");
const TYPEDOC: Rule = Rule::advisory("DOCS/typedoc", "say in a @typedoc what the values mean");
const DOCTEST: Rule = Rule::advisory(
    "DOCS/doctest",
    "show a call and its result with `iex>`, and test it with doctest",
);

/// The pillar DOCS.
#[derive(Clone, Debug, Default)]
pub struct Docs {
    /// Are `@moduledoc false` and `@doc false` told, rather than taken for documentation?
    pub deny_hidden: bool,
}

impl Pillar for Docs {
    fn code(&self) -> &'static str {
        "DOCS"
    }

    fn name(&self) -> &'static str {
        "Documentation Standard"
    }

    fn level(&self) -> Level {
        Level::Blocking
    }

    fn rules(&self) -> Vec<Rule> {
        vec![MODULEDOC, DOC, SPEC, TYPEDOC, DOCTEST]
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        let Some(elixir) = source.lib() else { return };
        self.modules(&elixir.code, found);
        self.functions(&elixir.code, found);
        doctests(&elixir.code, found);
    }
}

impl Docs {
    fn modules(&self, code: &Code, found: &mut Found) {
        for module in modules(code) {
            let name = module.node.args().next().unwrap_or(module.node);
            let what = match said(module.doc) {
                Doc::Missing => "does not say what it is for",
                Doc::Hidden if self.deny_hidden => "is hidden, and hidden modules are not wanted",
                _ => "",
            };
            if !what.is_empty() {
                found.node(&MODULEDOC, name, format!("the module `{}` {what}", module.name));
            }
            let types = module.types.iter().filter(|(_, _, has_doc)| !has_doc);
            for (node, name, _) in types.filter(|_| module.doc != Doc::Hidden) {
                let message = format!("the type `{name}` of `{}` has no @typedoc", module.name);
                found.node(&TYPEDOC, *node, message);
            }
        }
    }

    fn functions(&self, code: &Code, found: &mut Found) {
        for (function, module) in functions(code) {
            let Some(clause) = function.node() else { continue };
            let what = match (doc_of(function, module), said(function.doc)) {
                (Doc::Missing, _) => "is public and has no @doc",
                (Doc::Hidden, Doc::Hidden) if self.deny_hidden => {
                    "is public, and `@doc false` hides it"
                }
                _ => "",
            };
            if !what.is_empty() {
                let message = format!("`{}/{}` {what}", function.name, function.arity);
                found.span(&DOC, name_of(clause), message);
            }
            if lacks_spec(function, module) {
                found.span(&SPEC, name_of(clause), no_spec(function, module));
            }
        }
    }
}

/// A behaviour specifies its callbacks, and macros take what is not yet evaluated.
fn lacks_spec(function: &Function, module: &Module) -> bool {
    let arities = function.arities();
    let is_its = |(name, arity): &(&str, usize)| *name == function.name && arities.contains(arity);
    function.kind == FunctionKind::Public
        && !function.is_callback
        && !module.specs.iter().any(is_its)
}

fn no_spec(function: &Function, module: &Module) -> String {
    let (name, arity) = (function.name, function.arity);
    match module.specs.iter().find(|it| it.0 == name) {
        Some((_, other)) => format!("`{name}/{arity}` has no @spec, only `{name}/{other}` has one"),
        None => format!("`{name}/{arity}` has no @spec"),
    }
}

fn doctests(code: &Code, found: &mut Found) {
    let lacks_example = |(function, module): &(&Function, &Module)| {
        let text = match doc_of(function, module) {
            Doc::Said(text) if matches!(text.tag(), Tag::Str | Tag::Sigil) => text.text(),
            _ => return false,
        };
        let is_read = module.doc != Doc::Hidden && !function.is_callback;
        let takes = function.kind == FunctionKind::Public && function.arity > 0;
        is_read && takes && !text.contains("iex>") && !text.contains("iex(")
    };
    let candidates: Vec<_> = functions(code).filter(lacks_example).collect();
    if candidates.is_empty() {
        return;
    }
    let pure = pure::functions(code);
    for function in candidates.into_iter().map(|it| it.0) {
        let Some(clause) = function.node().filter(|_| pure.has(function)) else { continue };
        let (name, arity) = (function.name, function.arity);
        let message = format!(
            "`{name}/{arity}` depends on nothing but what it takes, and its @doc shows no `iex>`"
        );
        found.span(&DOCTEST, name_of(clause), message);
    }
}

/// Where a definition names what it defines.
fn name_of(clause: Node) -> std::ops::Range<usize> {
    let mut head = clause.args().next().unwrap_or(clause);
    while let (Tag::Binary | Tag::Block, Some(first), true) =
        (head.tag(), head.kid(0), head.op().is_none_or(|it| it.as_str() == "when"))
    {
        head = first;
    }
    match head.tag() {
        Tag::Var | Tag::Call => head.name_start()..head.name_start() + head.name().len(),
        _ => head.span(),
    }
}
