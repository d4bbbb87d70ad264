//! DEPS: dependencies that are pinned, locked and known.

mod declared;
mod license;
mod lock;
mod project;

use elixir_syntax::{Node, Op, Tag};
use pipeline_core::Level;

use crate::doctrine::{Codebase, Elixir, Found, Pillar, Role, Rule, Source};
use declared::Declared;

const CONSTRAINT: Rule = Rule::blocking(
    "DEPS/constraint",
    "require a version that cannot change under you, such as \"~> 1.7\"",
);
const GIT: Rule = Rule::blocking(
    "DEPS/git",
    "pin it: tag: \"v1.2.3\", or ref: with all 40 digits of a commit; better, take it from Hex",
);
const OVERRIDE: Rule =
    Rule::blocking("DEPS/override", "say in a comment beside or above it why it is needed");
const LOCK: Rule = Rule::blocking("DEPS/lock", "run `mix deps.get` and commit mix.lock");
const RUNTIME: Rule = Rule::advisory(
    "DEPS/runtime",
    "add only: [:dev, :test] or runtime: false, so that it is not released",
);
const SOURCE: Rule =
    Rule::advisory("DEPS/source", "take it from Hex as the others do, or say why a fork is needed");
const DEPTH: Rule = Rule::advisory("DEPS/depth", "see whether a smaller dependency does");
const LICENSE: Rule =
    Rule::advisory("DEPS/license", "let somebody who may decide it look at the licence");
const UNREAD: Rule = Rule::advisory(
    "DEPS/unread",
    "write dependencies as a plain list, or look at these yourself: no rule did",
);

/// Tools that help people who write code, and do nothing in a release.
const TOOLS: [&str; 19] = [
    "benchee",
    "bypass",
    "credo",
    "dialyxir",
    "doctor",
    "ex_doc",
    "ex_machina",
    "excoveralls",
    "inch_ex",
    "mimic",
    "mix_audit",
    "mix_test_watch",
    "mock",
    "mox",
    "phoenix_live_reload",
    "sobelow",
    "stream_data",
    "tidewave",
    "wallaby",
];

/// The pillar DEPS.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Longer chains of packages that need each other are told.
    pub max_depth: usize,
    /// Licences that nobody has to ask about, by SPDX name.
    pub allowed: Vec<String>,
    /// What the names of licences begin with that cannot be taken.
    pub prohibited: Vec<String>,
}

impl Default for Deps {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect();
        Self {
            max_depth: 5,
            allowed: owned(&[
                "MIT",
                "Apache-2.0",
                "BSD-2-Clause",
                "BSD-3-Clause",
                "ISC",
                "MPL-2.0",
                "Unlicense",
            ]),
            prohibited: owned(&["GPL-2", "GPL-3", "AGPL-3", "SSPL", "BUSL"]),
        }
    }
}

impl Pillar for Deps {
    fn code(&self) -> &'static str {
        "DEPS"
    }

    fn name(&self) -> &'static str {
        "Dependency Hygiene"
    }

    fn level(&self) -> Level {
        Level::Blocking
    }

    fn rules(&self) -> Vec<Rule> {
        vec![CONSTRAINT, GIT, OVERRIDE, LOCK, RUNTIME, SOURCE, DEPTH, LICENSE, UNREAD]
    }

    fn not_applicable(&self, codebase: &Codebase) -> Option<String> {
        let has_none = projects(codebase).next().is_none();
        has_none.then(|| "there is no mix.exs".to_owned())
    }

    fn file(&self, source: &Source, codebase: &Codebase, found: &mut Found) {
        let is_project = || projects(codebase).any(|it| it == source.path);
        if source.role != Role::MixExs || !is_project() {
            return;
        }
        let Some(elixir) = &source.elixir else { return };
        let declarations = declared::read(&elixir.code);
        for node in declarations.unread {
            found.node(
                &UNREAD,
                node,
                "only running this tells which dependency it is, or which version",
            );
        }
        for declared in declarations.all.iter().filter(|it| !it.is_own()) {
            constraint(declared, elixir, found);
            git(declared, elixir, found);
            overrides(declared, elixir, found);
            runtime(declared, found);
        }
    }

    fn project(&self, codebase: &Codebase, found: &mut Found) {
        project::look(self, codebase, found);
    }
}

/// The `mix.exs` of the project and of its applications. Others are of examples and fixtures.
fn projects(codebase: &Codebase) -> impl Iterator<Item = String> {
    let apps = codebase.apps.values().map(|it| format!("{it}/mix.exs"));
    std::iter::once("mix.exs".to_owned()).chain(apps).filter(|it| codebase.has(it))
}

fn constraint(declared: &Declared, elixir: &Elixir, found: &mut Found) {
    let name = declared.name;
    let Some(requirement) = declared.requirement else {
        if declared.git().is_none() {
            found.node(&CONSTRAINT, declared.node, format!("`{name}` may be of any version"));
        }
        return;
    };
    let said = value(requirement, elixir);
    let is_open = match said.tag() {
        Tag::Str => said.literal().is_some_and(allows_all),
        Tag::Atom => true,
        _ => false,
    };
    if is_open {
        let message = format!("`{name}` may be of any version: {} allows all", said.text());
        found.node(&CONSTRAINT, requirement, message);
    }
}

/// `*`, `>= 0.0.0` and the like.
fn allows_all(requirement: &str) -> bool {
    let requirement = requirement.trim();
    let lowest = |it: &str| {
        let version = it.trim().trim_end_matches("-0");
        !version.is_empty() && version.bytes().all(|it| matches!(it, b'0' | b'.'))
    };
    matches!(requirement, "" | "*") || requirement.strip_prefix(">=").is_some_and(lowest)
}

/// What stands there, or what the attribute that stands there is.
fn value<'t>(node: Node<'t>, elixir: &Elixir<'t>) -> Node<'t> {
    let named = node.is_op(Op::At).then(|| node.kid(0)).flatten();
    named.and_then(|it| declared::attribute(elixir.code.modules(), it.name())).unwrap_or(node)
}

fn git(declared: &Declared, elixir: &Elixir, found: &mut Found) {
    let Some(repository) = declared.git() else { return };
    let name = declared.name;
    if declared.option("tag").is_some() {
        return;
    }
    let is_commit = |it: &str| it.len() == 40 && it.bytes().all(|it| it.is_ascii_hexdigit());
    let message = if let Some(reference) = declared.option("ref") {
        let said = value(reference, elixir);
        match said.literal() {
            Some(it) if is_commit(it) => return,
            Some(_) => format!(
                "the ref of `{name}` is not a whole commit, so it may come to mean another one"
            ),
            None => format!("the ref of `{name}` is only known when mix.exs runs"),
        }
    } else if let Some(branch) = declared.option("branch") {
        format!("`{name}` follows the branch {}, whatever will be pushed to it", branch.text())
    } else {
        format!("`{name}` follows the main branch of its repository, whatever will be pushed to it")
    };
    let at = ["ref", "branch"].into_iter().find_map(|it| declared.option(it)).unwrap_or(repository);
    found.node(&GIT, at, message);
}

fn overrides(declared: &Declared, elixir: &Elixir, found: &mut Found) {
    let Some(value) = declared.option("override").filter(|it| it.name() == "true") else { return };
    let lines = [value.line(), declared.node.line()];
    let explains = |it: &elixir_syntax::Comment| {
        lines.iter().any(|line| it.line() == *line || it.is_alone() && it.line() + 1 == *line)
    };
    if !elixir.tree.comments().any(|it| explains(&it)) {
        let name = declared.name;
        let message =
            format!("`{name}` overrides what other packages require, and nobody says why");
        found.node(&OVERRIDE, value.parent().unwrap_or(value), message);
    }
}

fn runtime(declared: &Declared, found: &mut Found) {
    let is_limited = ["only", "runtime"].iter().any(|it| declared.option(it).is_some());
    if !is_limited && !declared.is("optional") && TOOLS.contains(&declared.name) {
        let message = format!(
            "`{}` is a tool for people who write code, and would be released",
            declared.name
        );
        found.node(&RUNTIME, declared.node, message);
    }
}
