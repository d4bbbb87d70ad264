//! NWB: there is one way, and it leads forward.

use elixir_syntax::{Call, Callee, Code, Function, Module, Node, Op, Tag, Tree};
use pipeline_core::Level;

use super::words::{find, name_of};
use crate::doctrine::{Codebase, Found, Pillar, Rule, Source};

const SHIM: Rule = Rule::advisory(
    "NWB/shim",
    "change those who still call it, and take it out in the same change",
);
const DUAL: Rule = Rule::advisory("NWB/dual", "decide for one of the two, and take the other out");
const COMMENT: Rule =
    Rule::advisory("NWB/comment", "take out what is only there for what was before");
const MIGRATION: Rule = Rule::advisory(
    "NWB/migration",
    "write change/0 with what Ecto can take back, or up/0 and down/0",
);

const OLD_MODULES: [&str; 4] = ["Legacy", "Compat", "Shim", "Deprecated"];
const OLD_FILES: [&str; 5] = ["_old", "_legacy", "_compat", "_shim", "_deprecated"];
const OLD_WORDS: [&str; 4] =
    ["backward compatib", "backwards compatib", "old implementation", "temporary workaround"];

/// The pillar NWB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nwb;

impl Pillar for Nwb {
    fn code(&self) -> &'static str {
        "NWB"
    }

    fn name(&self) -> &'static str {
        "No Way Back"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn rules(&self) -> Vec<Rule> {
        vec![SHIM, DUAL, COMMENT, MIGRATION]
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        if let Some(elixir) = source.lib() {
            shims(source, &elixir.code, found);
            flags(&elixir.code, found);
            comments(elixir.tree, found);
        }
        // Ecto runs scripts only; a `.ex` beside them is something else.
        let runs = source.is_migration() && source.path.strip_suffix(".exs").is_some();
        if let Some(elixir) = source.elixir.as_ref().filter(|_| runs) {
            migrations(&elixir.code, found);
        }
    }
}

fn shims(source: &Source, code: &Code, found: &mut Found) {
    let is_attribute = |it: Node| it.parent().is_some_and(|it| it.is_op(Op::At));
    for call in code.calls().filter(|it| it.name == "deprecated" && is_attribute(it.node)) {
        let message = "what is deprecated is still there, and so is everybody who calls it";
        found.node(&SHIM, call.node.parent().unwrap_or(call.node), message);
    }
    let mut has_name = false;
    for module in code.modules().iter().filter(|it| !it.quoted) {
        let written = name_of(module);
        let is_old = |part: &str| OLD_MODULES.iter().any(|it| part.ends_with(it));
        if written.tag() == Tag::Alias && written.name().split('.').any(is_old) {
            has_name = true;
            let message = format!("`{}` stands beside what came after it", module.name);
            found.node(&SHIM, written, message);
        }
    }
    let stem = source.file_name().trim_end_matches(".ex");
    if !has_name && OLD_FILES.iter().any(|it| stem.ends_with(it)) {
        let message = format!("{} stands beside what came after it", source.file_name());
        match code.modules().first() {
            Some(module) => found.node(&SHIM, name_of(module), message),
            None => found.file(&SHIM, message),
        };
    }
}

fn flags(code: &Code, found: &mut Found) {
    for call in code.calls() {
        match call.name {
            "if" | "unless" => told_flag(call.arg(0), found),
            "case" if is_yes_or_no(call) => told_flag(call.arg(0), found),
            "cond" => {
                let section = call.node.body("do");
                for clause in section.into_iter().flat_map(Node::kids) {
                    told_flag(clause.kid(0).and_then(first_of_args), found);
                }
            }
            _ => {}
        }
    }
}

fn first_of_args(node: Node) -> Option<Node> {
    if node.tag() == Tag::Args { node.kid(0) } else { Some(node) }
}

/// Has the `case` a clause for `true` or `false`?
fn is_yes_or_no(call: &Call) -> bool {
    let clauses = call.node.body("do").into_iter().flat_map(Node::kids);
    let mut heads = clauses.filter_map(|it| it.kid(0).and_then(first_of_args));
    heads.any(|it| matches!(it.text(), "true" | "false"))
}

fn told_flag(condition: Option<Node>, found: &mut Found) {
    if let Some(flag) = condition.and_then(flag) {
        let message = format!("`{}` chooses between an old way and a new one", flag.name());
        found.node(&DUAL, flag, message);
    }
}

/// The part of a condition that is a flag between old and new.
fn flag(node: Node) -> Option<Node> {
    match node.tag() {
        Tag::Var | Tag::Atom => is_flag(node.name()).then_some(node),
        Tag::Str => node.literal().is_some_and(is_flag).then_some(node),
        Tag::Block | Tag::Unary => node.kids().find_map(flag),
        Tag::Binary => match node.op()? {
            Op::And | Op::AndAnd | Op::Or | Op::OrOr => node.kids().find_map(flag),
            Op::Pipe => piped_flag(node),
            Op::Equal | Op::StrictEqual | Op::NotEqual | Op::StrictNotEqual => {
                let is_answer = matches!(node.kid(1)?.text(), "true" | "false");
                node.kid(0).filter(|_| is_answer).and_then(flag)
            }
            _ => None,
        },
        Tag::Access => node.kid(1).and_then(named),
        Tag::Call | Tag::Remote => {
            let is_plain = node.args().next().is_none();
            let own = (is_plain && is_flag(node.name())).then_some(node);
            own.or_else(|| node.args().find_map(named))
        }
        _ => None,
    }
}

/// `config |> Map.get(:use_new_cart)`
fn piped_flag(pipe: Node) -> Option<Node> {
    let last = pipe.kid(1)?;
    last.args().find_map(named).or_else(|| pipe.kid(0).and_then(flag))
}

/// A flag that is looked up by its name.
fn named(node: Node) -> Option<Node> {
    match node.tag() {
        Tag::Atom | Tag::Str => flag(node),
        Tag::List => node.kids().find_map(named),
        _ => None,
    }
}

fn is_flag(name: &str) -> bool {
    let is_name = |it: char| it.is_alphanumeric() || matches!(it, '_' | '?');
    ["use_new_", "legacy_", "use_legacy_"].iter().any(|it| name.starts_with(it))
        && name.chars().all(is_name)
}

fn comments(tree: &Tree, found: &mut Found) {
    for comment in tree.comments() {
        let told = OLD_WORDS.iter().find_map(|it| Some((find(comment.raw(), it)?, it.len())));
        let Some((at, length)) = told else { continue };
        let start = comment.span().start + at;
        found.span(&COMMENT, start..start + length, "this is here for the sake of what was before");
    }
}

fn migrations(code: &Code, found: &mut Found) {
    let is_migration =
        |it: &&Module| it.uses.iter().any(|it| super::words::last_part(&it.module) == "Migration");
    for module in code.modules().iter().filter(is_migration) {
        let has =
            |name: &str| code.functions_of(module).find(|it| it.name == name && it.arity == 0);
        match (has("change"), has("up"), has("down")) {
            (Some(change), ..) => executes(code, change, found),
            (None, Some(_), Some(_)) => {}
            (None, up, down) => {
                let lack = match (up, down) {
                    (Some(_), _) => "it has up/0 and no down/0",
                    (_, Some(_)) => "it has down/0 and no up/0",
                    _ => "it has neither change/0 nor up/0 and down/0",
                };
                let message = format!("this migration cannot be taken back: {lack}");
                found.node(&MIGRATION, name_of(module), message);
            }
        }
    }
}

/// `execute` with one argument can only be run forward.
fn executes(code: &Code, change: &Function, found: &mut Found) {
    let is_here = |it: &&Call| code.function_of(it).is_some_and(|it| it.node() == change.node());
    let runs = |it: &&Call| {
        matches!(it.name, "execute" | "execute_file")
            && it.arity() == 1
            && matches!(it.callee, Callee::Local)
    };
    for call in code.calls().filter(runs).filter(is_here) {
        if asks_direction(call.node) {
            continue;
        }
        let message = format!("Ecto does not know how to take back `{}/1` in change/0", call.name);
        let remedy = "say as a second argument what takes it back, or write up/0 and down/0";
        found.node(&MIGRATION, call.node, message).remedy(remedy);
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
