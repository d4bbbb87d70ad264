//! NMND: what is released is finished.

mod comments;
mod unfinished;

use elixir_syntax::{Attribute, Code, Node, Op, Tag};
use globset::GlobSet;
use pipeline_core::Level;

use crate::doctrine::outline::is_tag;
use crate::doctrine::{Codebase, Elixir, Found, Pillar, Role, Rule, Source};

const MARKER: Rule =
    Rule::blocking("NMND/marker", "do it now, or write an issue and take the comment out");
const PROVISIONAL: Rule = Rule::advisory(
    "NMND/provisional",
    "make it what it should be, or say what keeps it as it is and until when",
);
const NOT_IMPLEMENTED: Rule =
    Rule::blocking("NMND/not-implemented", "implement it, or take it out until it is there");
const MOCK: Rule =
    Rule::blocking("NMND/mock", "mocks belong into the tests; pass what differs in as an argument");
const NO_OP: Rule = Rule::advisory(
    "NMND/no-op",
    "let it do what its name says, or `@impl true` if a behaviour asks for it",
);
const SKIP: Rule = Rule::advisory(
    "NMND/skip",
    "mend the test, or name the issue beside the tag: `@tag :skip # #123`",
);
const DEBUG: Rule = Rule::advisory("NMND/debug", "take it out; use Logger for what should be told");

/// The pillar NMND.
#[derive(Clone, Debug, Default)]
pub struct Nmnd {
    /// Files that may be unfinished, as globs relative to the project.
    pub exclude: GlobSet,
}

impl Pillar for Nmnd {
    fn code(&self) -> &'static str {
        "NMND"
    }

    fn name(&self) -> &'static str {
        "No Mercy No Doubts"
    }

    fn level(&self) -> Level {
        Level::Blocking
    }

    fn rules(&self) -> Vec<Rule> {
        vec![MARKER, PROVISIONAL, NOT_IMPLEMENTED, MOCK, NO_OP, SKIP, DEBUG]
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        let is_looked_at = matches!(source.role, Role::Lib | Role::Test);
        let Some(elixir) = source.elixir.as_ref().filter(|_| is_looked_at) else { return };
        if self.exclude.is_match(source.path) {
            return;
        }
        if source.role == Role::Test {
            return skipped(elixir, found);
        }
        comments::look(elixir.tree, found);
        unfinished::look(&elixir.code, found);
        mocks(&elixir.code, found);
        debugging(&elixir.code, found);
        if source.text.contains("http://localhost") {
            own_machine(elixir.tree.root(), found);
        }
    }
}

fn mocks(code: &Code, found: &mut Found) {
    const LIBRARIES: [&str; 5] = ["Mox", "Mimic", "Hammox", "Mock", ":meck"];
    for call in code.calls() {
        let library = match (call.module(), call.name) {
            (Some(module), _) => module.to_owned(),
            (None, "import" | "use" | "require") => {
                let named = call.arg(0).filter(|it| it.tag() == Tag::Alias);
                named.map(|it| code.resolve(call, it.name()).into_owned()).unwrap_or_default()
            }
            _ => continue,
        };
        // `Mock` alone is a name that a project may have for something of its own.
        let is_its = library != "Mock" || matches!(call.name, "import" | "use");
        if LIBRARIES.contains(&library.as_str()) && is_its && call.name != "require" {
            let message = format!("{library} makes mocks, and this is released");
            found.node(&MOCK, call.node, message);
        }
    }
}

fn debugging(code: &Code, found: &mut Found) {
    for call in code.calls().filter(|it| matches!(it.name, "inspect" | "dbg")) {
        let is_bare_dbg = call.name == "dbg" && call.module().is_none() && call.arity() < 3;
        let is_own = code.functions().iter().any(|it| it.name == "dbg");
        let is_dbg = is_bare_dbg && matches!(call.callee, elixir_syntax::Callee::Local) && !is_own
            || code.is_call(call, "Kernel", "dbg");
        let what = match () {
            () if code.is_quoted(call) => continue,
            () if is_dbg => "dbg",
            () if code.is_call(call, "IO", "inspect") => "IO.inspect",
            () => continue,
        };
        found.node(&DEBUG, call.node, format!("{what} prints wherever this runs"));
    }
}

/// `http://localhost` in what is no documentation.
fn own_machine(root: Node, found: &mut Found) {
    const DOCS: [&str; 5] = ["moduledoc", "doc", "typedoc", "shortdoc", "deprecated"];
    let is_doc =
        |it: Node| it.is_op(Op::At) && it.kid(0).is_some_and(|it| DOCS.contains(&it.name()));
    for node in root.descendants() {
        let Some(said) = node.literal() else { continue };
        let Some(at) = said.find("http://localhost") else { continue };
        if node.ancestors().any(is_doc) {
            continue;
        }
        let start = node.name_start() + at;
        let end = start + "http://localhost".len();
        let remedy = "read the address from the configuration";
        found.span(&DEBUG, start..end, "there is no such server where this runs").remedy(remedy);
    }
}

fn skipped(elixir: &Elixir, found: &mut Found) {
    let tags = elixir.code.modules().iter().flat_map(|it| &it.attributes);
    for tag in tags.filter(|it| is_tag(it.name) && is_skip(it.value)) {
        if !names_issue(elixir, tag) {
            let message = "this is skipped, and nothing says which issue will end it";
            found.node(&SKIP, tag.node, message);
        }
    }
}

/// `:skip`, `skip: true`, or a list with either. With a reason it says itself why.
fn is_skip(value: Node) -> bool {
    match value.tag() {
        Tag::Atom => value.name() == "skip",
        Tag::Keywords => value.value("skip").is_some_and(|it| it.text() == "true"),
        Tag::List => {
            value.kids().any(is_skip) || value.value("skip").is_some_and(|it| it.text() == "true")
        }
        _ => false,
    }
}

fn names_issue(elixir: &Elixir, tag: &Attribute) -> bool {
    let line = tag.node.last_line();
    let is_near = |it: &elixir_syntax::Comment| {
        it.line() == line || it.is_alone() && it.line() + 1 == tag.node.line()
    };
    let beside = elixir.tree.comments().filter(is_near);
    beside.into_iter().any(|it| comments::names_issue(it.text()))
}
