//! What is kept of a file after it was read, for rules that look at several.

use elixir_syntax::{Call, Code, Function, FunctionKind, Module, ModuleKind};

use super::source::{Role, Source};

/// A small part of what a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The file, relative to the project.
    pub path: String,
    /// Its modules, by whole name.
    pub modules: Vec<String>,
    /// The modules that its modules use.
    pub uses: Vec<String>,
    /// Does it define a function or a macro that a test could call? Delegates, protocols, their implementations and the
    /// callbacks of exceptions do not count.
    pub has_functions: bool,
    /// How many tests, properties and doctests it has.
    pub tests: usize,
    /// Does it say what holds for every input?
    pub has_properties: bool,
    /// The values of its `@tag`, `@describetag` and `@moduletag`, as they are written.
    pub tags: Vec<String>,
    /// The modules that it calls.
    pub calls: Vec<String>,
}

impl Outline {
    /// What is kept of a file with code that is released or that tests it.
    pub(crate) fn of(source: &Source) -> Option<Self> {
        let elixir =
            source.elixir.as_ref().filter(|_| matches!(source.role, Role::Lib | Role::Test))?;
        let code = &elixir.code;
        let modules = code.modules();
        let own = |it: &&Module| it.kind != ModuleKind::Implementation;
        let tags = modules.iter().flat_map(|it| &it.attributes).filter(|it| is_tag(it.name));
        let mut calls: Vec<_> =
            code.calls().filter_map(|it| it.module().map(ToOwned::to_owned)).collect();
        calls.sort_unstable();
        calls.dedup();
        let uses: Vec<_> =
            modules.iter().flat_map(|it| &it.uses).map(|it| it.module.to_string()).collect();
        let says_for_all = |it: &String| matches!(it.as_str(), "ExUnitProperties" | "PropCheck");
        Some(Self {
            path: source.path.to_owned(),
            modules: modules.iter().filter(own).map(|it| it.name.to_string()).collect(),
            has_functions: has_functions(code),
            tests: code.calls().filter(|it| is_test(it.name)).count(),
            has_properties: uses.iter().any(says_for_all)
                || code.calls().any(|it| it.name == "property"),
            uses,
            tags: tags.map(|it| it.value.text().to_owned()).collect(),
            calls,
        })
    }

    /// Has a test in it this tag: `@tag :name`, `@tag name: true`, or one of several?
    pub(crate) fn has_tag(&self, name: &str) -> bool {
        let word = |it: char| !it.is_alphanumeric() && it != '_';
        self.tags.iter().any(|it| it.split(word).any(|it| it == name))
    }
}

/// Is it an attribute that sorts tests?
pub(super) fn is_tag(name: &str) -> bool {
    matches!(name, "tag" | "describetag" | "moduletag")
}

/// Does a call of this name make a test? Projects have macros of their own: `test_with_mock`, `feature`.
fn is_test(name: &str) -> bool {
    matches!(name, "test" | "property" | "doctest" | "feature")
        || name.starts_with("test_")
        || name.ends_with("_test")
}

/// Does it define a function or a macro that a test could call?
pub(super) fn has_functions(code: &Code) -> bool {
    let in_module = |it: &Function| {
        code.modules().get(it.module).is_some_and(|it| it.kind == ModuleKind::Module)
    };
    let counts = |it: &Function| it.kind != FunctionKind::Delegate && in_module(it);
    let has_body = |it: &Function| it.clauses.iter().any(|it| it.body("do").is_some());
    let is_callback = |it: &Function| is_exception_callback(code, it);
    code.functions().iter().any(|it| counts(it) && has_body(it) && !is_callback(it))
}

/// Is it what `defexception` asks for? Nobody writes `@impl` there.
pub(super) fn is_exception_callback(code: &Code, function: &Function) -> bool {
    let module = || code.modules().get(function.module).map(|it| it.node);
    let is_here = |it: &Call| code.module_of(it).map(|it| it.node) == module();
    matches!((function.name, function.arity), ("message" | "exception", 1) | ("blame", 2))
        && code.calls().any(|it| it.name == "defexception" && is_here(it))
}
