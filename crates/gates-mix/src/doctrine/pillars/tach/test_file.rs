//! What tests say that were not looked at in this pass.

use elixir_syntax::{Code, Tree};

use crate::doctrine::{Codebase, Elixir, Outline, Role, Source};

/// What is in a test, as it lies there.
pub(super) fn read_test(codebase: &Codebase, path: &str) -> Option<Outline> {
    let bytes = std::fs::read(codebase.dir.join(path)).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let tree = Tree::parse(text);
    let elixir = Elixir { tree: &tree, code: Code::of(&tree) };
    let (bytes, elixir) = (bytes.as_slice(), Some(elixir));
    Outline::of(&Source { path, app: None, role: Role::Test, bytes, text, elixir, markup: None })
}

/// Has a test that is named after this file, wherever it is, such a tag?
pub(super) fn with_name_of(codebase: &Codebase, path: &str, tag: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".ex");
    let is_of = |test: &str| {
        let rest = test.rsplit('/').next().and_then(|it| it.strip_prefix(name));
        rest.is_some_and(|it| it == "_test.exs" || it == format!("_{tag}_test.exs"))
    };
    let tests = codebase.of_role(Role::Test).map(|(path, _)| path).filter(|it| is_of(it));
    tests.filter_map(|it| read_test(codebase, it)).any(|it| it.has_tag(tag))
}

/// Does a module bring tests of its own to those that use it, by its name?
pub(super) fn makes_tests(module: &str) -> bool {
    ["Tests", "SharedTest", "SharedExamples", "Suite"].iter().any(|it| module.ends_with(it))
}
