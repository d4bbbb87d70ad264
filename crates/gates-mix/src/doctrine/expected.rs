//! Where the test of a file is expected.

use elixir_syntax::Code;

use super::codebase::Codebase;
use super::outline::has_functions;
use super::source::Role;

/// Files that are only put together from what others have tested.
const EXEMPT: [&str; 6] =
    ["application.ex", "repo.ex", "endpoint.ex", "telemetry.ex", "router.ex", "gettext.ex"];

/// Should a file at this path have a test, as long as there are functions in it?
pub(super) fn is_tested_place(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut folders = folders.split('/');
    !EXEMPT.contains(&name) && !folders.any(|it| matches!(it, "migrations" | "types"))
}

/// Should this file have a test?
pub(super) fn needs_test(path: &str, code: &Code) -> bool {
    is_tested_place(path) && has_functions(code)
}

/// Where its test may be, the usual place first: `lib/shop/cart.ex` is tested in `test/shop/cart_test.exs`.
///
/// A folder `lib` within the code may stand for `test` as well.
pub(super) fn places(path: &str) -> Vec<String> {
    let Some(stem) = path.strip_suffix(".ex") else { return Vec::new() };
    swapped(stem, "lib", "test").map(|it| format!("{it}_test.exs")).collect()
}

/// What a test may test, if it is where it is expected.
pub(super) fn tested_by(path: &str) -> Vec<String> {
    let Some(stem) = path.strip_suffix("_test.exs") else { return Vec::new() };
    swapped(stem, "test", "lib").map(|it| format!("{it}.ex")).collect()
}

/// The path with one of its folders exchanged, for each that has this name.
fn swapped(path: &str, folder: &str, other: &str) -> impl Iterator<Item = String> {
    let parts: Vec<_> = path.split('/').collect();
    let places = (0..parts.len().saturating_sub(1)).filter(|it| parts[*it] == folder);
    let swap = |at: usize| {
        let mut parts = parts.clone();
        parts[at] = other;
        parts.join("/")
    };
    places.map(swap).collect::<Vec<_>>().into_iter()
}

impl Codebase {
    /// The test of a file, where it is expected.
    #[must_use]
    pub fn test_of(&self, path: &str) -> Option<String> {
        places(path).into_iter().find(|it| self.has(it))
    }

    /// The files with released code that should have a test, each with whether it has it. Of a partial look, those that changed.
    pub fn tested_files(&self) -> impl Iterator<Item = (&str, bool)> {
        let is_lib = |path: &str| self.files.get(path).is_some_and(|it| it.role == Role::Lib);
        let outlines = self.outlines.iter().filter(|it| it.has_functions);
        let paths = outlines.map(|it| it.path.as_str());
        paths
            .filter(move |it| is_lib(it) && is_tested_place(it))
            .map(|it| (it, self.test_of(it).is_some()))
    }

    /// How many files with released code have the test that is expected, and how many should: `(with, all)`.
    #[must_use]
    pub fn tested(&self) -> (usize, usize) {
        let count = |(with, all), (_, has): (&str, bool)| (with + usize::from(has), all + 1);
        self.tested_files().fold((0, 0), count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_has_the_path_of_what_it_tests() {
        for (path, test) in [
            ("lib/shop.ex", "test/shop_test.exs"),
            ("apps/shop/lib/shop/cart.ex", "apps/shop/test/shop/cart_test.exs"),
            ("lib/mix/tasks/shop.sync.ex", "test/mix/tasks/shop.sync_test.exs"),
            ("lib/shop/lib/cart.ex", "test/shop/lib/cart_test.exs"),
        ] {
            assert_eq!(places(path).first().map(String::as_str), Some(test), "{path}");
            assert_eq!(tested_by(test).first().map(String::as_str), Some(path), "{test}");
        }
        assert_eq!(places("lib/lib.ex"), ["test/lib_test.exs"]);
        assert!(places("lib/shop.eex").is_empty() && tested_by("test/test_helper.exs").is_empty());
    }

    #[test]
    fn whole_names_are_exempt_and_parts_of_names_are_not() {
        for (path, tested) in [
            ("lib/shop/repo.ex", false),
            ("lib/shop/user_repo.ex", true),
            ("lib/shop/router.ex", false),
            ("lib/shop/types/money.ex", false),
            ("lib/shop/prototypes/money.ex", true),
            ("lib/shop/migrations/one.ex", false),
            ("lib/types.ex", true),
            ("lib/mix/tasks/application.sync.ex", true),
        ] {
            assert_eq!(is_tested_place(path), tested, "{path}");
        }
    }
}
