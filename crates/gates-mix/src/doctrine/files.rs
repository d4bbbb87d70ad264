//! Which files a project has, and what each is for.

use std::fs;
use std::path::Path;

use super::source::Role;

/// Folders that are never looked into: what tools make.
const MADE: [&str; 7] =
    ["deps", "_build", "node_modules", ".elixir_ls", "cover", ".git", ".pipeline"];

/// What a file is for, by its path.
pub(super) fn role(path: &str) -> Role {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, it)| it);
    // The first of these folders tells: `lib/phoenix/test/conn_test.ex` is released.
    let telling = |it: &&str| matches!(*it, "lib" | "test" | "config" | "priv");
    let folders = path.rsplit_once('/').map_or("", |(it, _)| it);
    let folder = folders.split('/').find(telling);
    match ending {
        "ex" | "exs" if name == "mix.exs" => Role::MixExs,
        "exs" if folder == Some("test") && name.ends_with("_test.exs") => Role::Test,
        "ex" | "exs" if folder == Some("test") => Role::TestSupport,
        "ex" if folder == Some("lib") => Role::Lib,
        "exs" if folder == Some("config") => Role::Config,
        "ex" | "exs" => Role::Script,
        "lock" if name == "mix.lock" => Role::MixLock,
        "heex" | "eex" | "leex" | "html" => Role::Template,
        "md" => Role::Markdown,
        "css" => Role::Style,
        _ => Role::Other,
    }
}

/// Is it in a folder that tools make?
pub(super) fn is_made(path: &str) -> bool {
    let (folders, _) = path.rsplit_once('/').unwrap_or_default();
    // `lib/shop/deps/` is code like any other.
    let telling = |it: &&str| MADE.contains(it) || matches!(*it, "lib" | "src" | "test");
    folders.split('/').find(telling).is_some_and(|it| MADE.contains(&it))
}

/// All files below a folder that is no repository, relative to it. Links are not followed.
pub(super) fn walk(dir: &Path) -> Vec<String> {
    let mut open = vec![String::new()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(dir.join(&folder)).into_iter().flatten().flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if kind.is_dir() && !is_made(&format!("{path}/")) {
                open.push(path);
            } else if kind.is_file() {
                files.push(path);
            }
        }
    }
    files.sort_unstable();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_what_a_file_is_for() {
        for (path, expected) in [
            ("lib/shop.ex", Role::Lib),
            ("apps/shop/lib/shop/cart.ex", Role::Lib),
            ("lib/shop/test/helper.ex", Role::Lib),
            ("apps/shop/test/shop/cart_test.exs", Role::Test),
            ("test/support/data_case.ex", Role::TestSupport),
            ("config/runtime.exs", Role::Config),
            ("priv/repo/migrations/1_a.exs", Role::Script),
            ("mix.exs", Role::MixExs),
            ("apps/shop/mix.exs", Role::MixExs),
            ("lib/shop_web/page.html.heex", Role::Template),
            ("README.md", Role::Markdown),
            ("Dockerfile", Role::Other),
        ] {
            assert_eq!(role(path), expected, "{path}");
        }
        assert!(is_made("apps/a/_build/x.ex"));
        assert!(is_made("assets/node_modules/a/lib/b.js"));
        assert!(!is_made("lib/deps.ex"));
        assert!(!is_made("apps/a/lib/a/deps/b.ex"));
    }
}
