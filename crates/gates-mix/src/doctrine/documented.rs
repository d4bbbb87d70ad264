//! How much of the code says what it is for.

use elixir_syntax::{Code, Doc, Function, FunctionKind, Module, ModuleKind};

use super::outline::is_exception_callback;
use super::source::Source;

/// How many modules and public functions are documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Documented {
    /// Those that say what they are for, and those that are hidden.
    pub with: usize,
    /// Those of them that are hidden on purpose: `@doc false`, `@moduledoc false`, `@impl`.
    pub hidden: usize,
    /// All.
    pub all: usize,
}

impl Documented {
    /// The modules and functions of a file that is released; nothing of any other.
    pub(super) fn of(source: &Source) -> Self {
        let mut counts = Self::default();
        let Some(elixir) = source.lib() else { return counts };
        let code = &elixir.code;
        modules(code).for_each(|it| counts.count(said(it.doc)));
        functions(code).for_each(|(it, module)| counts.count(doc_of(it, module)));
        counts
    }

    /// Both together.
    pub(super) fn join(&mut self, other: Self) {
        self.with += other.with;
        self.hidden += other.hidden;
        self.all += other.all;
    }

    fn count(&mut self, doc: Doc) {
        self.all += 1;
        self.with += usize::from(doc != Doc::Missing);
        self.hidden += usize::from(doc == Doc::Hidden);
    }
}

/// The modules that people read about.
pub(super) fn modules<'a, 't>(code: &'a Code<'t>) -> impl Iterator<Item = &'a Module<'t>> {
    code.modules().iter().filter(|it| !it.quoted && it.kind != ModuleKind::Implementation)
}

/// The functions and macros that people read about, each with its module.
///
/// A delegate counts where it has words of its own; without them its documentation is that of its target. A name that is
/// put together when the code is compiled is not known here.
pub(super) fn functions<'a, 't>(
    code: &'a Code<'t>,
) -> impl Iterator<Item = (&'a Function<'t>, &'a Module<'t>)> {
    let with_module = |it: &'a Function<'t>| Some((it, code.modules().get(it.module)?));
    let is_asked_for = |it: &&Function| is_exception_callback(code, it);
    let read_about =
        code.functions().iter().filter(move |it| is_read_about(it) && !is_asked_for(it));
    read_about
        .filter_map(with_module)
        .filter(|(_, module)| !module.quoted && module.kind != ModuleKind::Implementation)
}

fn is_read_about(function: &Function) -> bool {
    let is_bare = function.kind == FunctionKind::Delegate && function.doc == Doc::Missing;
    let is_made = (function.name, function.arity) == ("child_spec", 1);
    let is_named = !function.name.is_empty() && !function.name.starts_with("__");
    function.kind.is_public() && is_named && !function.quoted && !is_bare && !is_made
}

/// What is said about a function. One of a hidden module is hidden as well, and so is a callback: its behaviour tells about it.
pub(super) fn doc_of<'t>(function: &Function<'t>, module: &Module<'t>) -> Doc<'t> {
    match said(function.doc) {
        Doc::Missing if function.is_callback || module.doc == Doc::Hidden => Doc::Hidden,
        doc => doc,
    }
}

/// A text that says nothing is none.
pub(super) fn said(doc: Doc) -> Doc {
    match doc {
        Doc::Said(text) if text.literal().is_some_and(|it| it.trim().is_empty()) => Doc::Missing,
        doc => doc,
    }
}
