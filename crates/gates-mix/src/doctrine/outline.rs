//! What is kept of a file after it was read, for rules that look at several.

use elixir_syntax::{FunctionKind, ModuleKind};

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
    /// Does it define a function or a macro?
    pub has_functions: bool,
    /// Is there nothing in it but exceptions and implementations of protocols?
    pub only_data: bool,
    /// How many tests, properties and doctests it has.
    pub tests: usize,
    /// The values of its `@tag` and `@moduletag`, as they are written.
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
        let functions = code.functions();
        let own = |it: &&elixir_syntax::Module| it.kind != ModuleKind::Implementation;
        let defines_data = code.calls().any(|it| it.name == "defexception");
        let is_test = |name: &str| matches!(name, "test" | "property" | "doctest");
        let tags = modules
            .iter()
            .flat_map(|it| &it.attributes)
            .filter(|it| matches!(it.name, "tag" | "moduletag"));
        let mut calls: Vec<_> =
            code.calls().filter_map(|it| it.module().map(ToOwned::to_owned)).collect();
        calls.sort_unstable();
        calls.dedup();
        Some(Self {
            path: source.path.to_owned(),
            modules: modules.iter().filter(own).map(|it| it.name.to_string()).collect(),
            uses: modules.iter().flat_map(|it| &it.uses).map(|it| it.module.to_string()).collect(),
            has_functions: functions.iter().any(|it| it.kind != FunctionKind::Delegate),
            only_data: modules.iter().all(|it| it.kind == ModuleKind::Implementation)
                || defines_data && functions.len() <= 1,
            tests: code.calls().filter(|it| is_test(it.name)).count(),
            tags: tags.map(|it| it.value.text().to_owned()).collect(),
            calls,
        })
    }
}
