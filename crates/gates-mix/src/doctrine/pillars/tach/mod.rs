//! TACH: everything that is released has a test, and the test says something.

mod modules;
mod test_file;

use std::collections::BTreeMap;

use elixir_syntax::Node;
use pipeline_core::Level;

use crate::doctrine::expected::{needs_test, places, tested_by};
use crate::doctrine::files::role;
use crate::doctrine::{Codebase, Commit, Found, Pillar, Role, Rule, Source};
use test_file::{read_test, with_name_of};

const TEST_FILE: Rule =
    Rule::blocking("TACH/test-file", "write a test there: what it promises, and what it refuses");
const PROPERTY: Rule = Rule::advisory(
    "TACH/property",
    "`use ExUnitProperties`, and say with `property` what holds for every input",
);
const INTEGRATION: Rule =
    Rule::advisory("TACH/integration", "test them together, in a test with `@tag :integration`");
const E2E: Rule =
    Rule::advisory("TACH/e2e", "go through the page as a user does, in a test with `@tag :e2e`");
const EMPTY_TEST: Rule =
    Rule::advisory("TACH/empty-test", "write a `test`, a `property` or a `doctest` in it");
const REGRESSION: Rule = Rule::advisory(
    "TACH/regression",
    "add a test that fails without the fix, so that the fault cannot come back",
);

/// The pillar TACH.
#[derive(Clone, Debug, Default)]
pub struct Tach {
    /// Does every file need its test, and not only those that changed?
    pub full: bool,
}

impl Pillar for Tach {
    fn code(&self) -> &'static str {
        "TACH"
    }

    fn name(&self) -> &'static str {
        "Total Assurance"
    }

    fn level(&self) -> Level {
        Level::Blocking
    }

    fn rules(&self) -> Vec<Rule> {
        vec![TEST_FILE, PROPERTY, INTEGRATION, E2E, EMPTY_TEST, REGRESSION]
    }

    fn file(&self, source: &Source, codebase: &Codebase, found: &mut Found) {
        let each = self.full || codebase.partial;
        match source.role {
            Role::Lib => {
                if each {
                    test_exists(source, codebase, found);
                    live_views(source, codebase, found);
                }
                properties(source, codebase, found);
                integration(source, codebase, found);
            }
            Role::Test => says_something(source, codebase, found),
            _ => {}
        }
    }

    fn project(&self, codebase: &Codebase, found: &mut Found) {
        if !self.full && !codebase.partial {
            untested(codebase, found);
        }
        let commits = codebase.git.iter().flat_map(|it| &it.commits);
        commits.for_each(|it| regression(it, found));
    }
}

fn test_exists(source: &Source, codebase: &Codebase, found: &mut Found) {
    let Some(elixir) = source.elixir.as_ref().filter(|it| needs_test(source.path, &it.code)) else {
        return;
    };
    let Some(usual) = places(source.path).into_iter().next() else { return };
    let Some(test) = codebase.test_of(source.path) else {
        let message = format!("this file has no test: there is no {usual}");
        match first_name(source) {
            Some(name) => found.node(&TEST_FILE, name, message),
            None => found.file(&TEST_FILE, message),
        };
        return;
    };
    // A test that is meant itself is told when it is looked at.
    let is_meant = codebase.files.get(&test).is_some_and(|it| it.change.is_some());
    let says_nothing = |path: &str| read_test(codebase, path).is_some_and(|it| it.tests == 0);
    if codebase.partial && !is_meant && !elixir.code.functions().is_empty() && says_nothing(&test) {
        let message = format!("this is the test of {}, and nothing is tested in it", source.path);
        found.path(&EMPTY_TEST, test, None, message);
    }
}

fn says_something(source: &Source, codebase: &Codebase, found: &mut Found) {
    let Some(outline) = crate::doctrine::Outline::of(source) else { return };
    if outline.tests > 0 || outline.uses.iter().any(|it| test_file::makes_tests(it)) {
        return;
    }
    let Some(tested) = tested_by(source.path).into_iter().find(|it| codebase.has(it)) else {
        return;
    };
    let message = format!("this is the test of {tested}, and nothing is tested in it");
    match first_name(source) {
        Some(name) => found.node(&EMPTY_TEST, name, message),
        None => found.file(&EMPTY_TEST, message),
    };
}

fn properties(source: &Source, codebase: &Codebase, found: &mut Found) {
    let Some(elixir) = &source.elixir else { return };
    let mut pure = modules::pure(&elixir.code).peekable();
    if pure.peek().is_none() {
        return;
    }
    let Some(path) = codebase.test_of(source.path) else { return };
    if read_test(codebase, &path).is_none_or(|it| it.has_properties) {
        return;
    }
    for module in pure {
        let message = format!("`{}` looks pure, and {path} has no property", module.name);
        found.node(&PROPERTY, super::words::name_of(module), message);
    }
}

fn integration(source: &Source, codebase: &Codebase, found: &mut Found) {
    let (Some(elixir), Some(app)) = (&source.elixir, source.app) else { return };
    let others: Vec<_> = modules::of_other_apps(&elixir.code, app, codebase).collect();
    if others.is_empty() || with_name_of(codebase, source.path, "integration") {
        return;
    }
    for (module, apps) in others {
        let message = format!(
            "`{}` calls the applications {}, and no test of it has `@tag :integration`",
            module.name,
            listed(&apps.into_iter().collect::<Vec<_>>())
        );
        found.node(&INTEGRATION, super::words::name_of(module), message);
    }
}

fn live_views(source: &Source, codebase: &Codebase, found: &mut Found) {
    let Some(elixir) = &source.elixir else { return };
    let mut views = modules::live_views(&elixir.code).peekable();
    if views.peek().is_none() || with_name_of(codebase, source.path, "e2e") {
        return;
    }
    for module in views {
        let message = format!("no test of the page `{}` has `@tag :e2e`", module.name);
        found.node(&E2E, super::words::name_of(module), message);
    }
}

/// One sentence for each application: with all files it would be thousands.
fn untested(codebase: &Codebase, found: &mut Found) {
    let mut apps: BTreeMap<&str, (usize, Vec<&str>)> = BTreeMap::new();
    for (path, has_test) in codebase.tested_files() {
        let folder = codebase.app_of(path).and_then(|it| codebase.apps.get(it));
        let (all, without) = apps.entry(folder.map_or("", String::as_str)).or_default();
        *all += 1;
        without.extend((!has_test).then_some(path));
    }
    for (folder, (all, without)) in apps.into_iter().filter(|(_, it)| !it.1.is_empty()) {
        let mix_exs =
            if folder.is_empty() { "mix.exs".into() } else { format!("{folder}/mix.exs") };
        let place = if codebase.has(&mix_exs) { mix_exs } else { folder.to_owned() };
        let message = format!(
            "{} of {all} files have no test of their own: {}",
            without.len(),
            listed(&without)
        );
        let remedy = "write one where the tests of the others are, for what matters most first";
        found.path(&TEST_FILE, place, None, message).advisory().remedy(remedy);
    }
}

fn regression(commit: &Commit, found: &mut Found) {
    let is_test = |path: &String| role(path) != Role::Lib && path.split('/').any(|it| it == "test");
    let code = commit.files.iter().find(|it| role(it) == Role::Lib);
    let Some(code) = code.filter(|_| is_fix(&commit.subject) && !commit.is_merge) else { return };
    if !commit.files.iter().any(is_test) {
        let id: String = commit.id.chars().take(7).collect();
        let message = format!("the commit {id} `{}` changes code and no test", commit.subject);
        found.path(&REGRESSION, code.clone(), None, message);
    }
}

/// `fix: …`, `fix(cart): …` or `fix!: …`
fn is_fix(subject: &str) -> bool {
    let kind = subject.split_once(':').map_or("", |(kind, _)| kind).trim_end_matches('!');
    let kind = kind.split('(').next().unwrap_or_default().trim();
    ["fix", "bugfix", "hotfix"].iter().any(|it| kind.eq_ignore_ascii_case(it))
}

/// The name of the first module.
fn first_name<'a>(source: &'a Source) -> Option<Node<'a>> {
    source.elixir.as_ref()?.code.modules().first().map(super::words::name_of)
}

/// The first three, and how many more there are.
fn listed(names: &[&str]) -> String {
    match names {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        names => names.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fix_is_told_by_its_kind() {
        for (subject, expected) in [
            ("fix: total of an empty cart", true),
            ("Fix(cart): rounding", true),
            ("fix!: drop the old way", true),
            ("hotfix: rounding", true),
            ("fix the tests", false),
            ("fixture: more carts", false),
            ("feat: fix: nothing", false),
            ("prefix: more", false),
        ] {
            assert_eq!(is_fix(subject), expected, "{subject}");
        }
    }

    #[test]
    fn three_are_named() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
