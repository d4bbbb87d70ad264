//! Dependencies that lie in other folders of this machine (`path: "…"`), and so change without `mix.lock` changing.
//!
//! They are read from the text of `mix.exs`, which is never run: paths that are computed are not seen.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::layout::Layout;

/// More folders than these are not looked for.
const MOST: usize = 300;
/// What a dependency has one of: those are what Mix knows to build.
const BUILT_BY: [&str; 4] = ["mix.exs", "rebar.config", "rebar.config.script", "Makefile"];

/// These globs in each folder of a path dependency of the project in `dir`, or of one of its path dependencies.
pub(crate) fn globs(dir: &Path, layout: &Layout, below: &[&str]) -> Vec<String> {
    let in_folder =
        |folder: &String| below.iter().map(|it| format!("{folder}/{it}")).collect::<Vec<_>>();
    folders(dir, layout).iter().flat_map(in_folder).collect()
}

/// The folders of path dependencies, relative to the project (`../jason`, `vendor/money`), other than applications of the
/// umbrella.
fn folders(dir: &Path, layout: &Layout) -> BTreeSet<String> {
    // Mix itself works from the folder's real place.
    let Ok(dir) = dir.canonicalize() else { return BTreeSet::new() };
    let own = layout.apps.values().map(|app| dir.join(app));
    let mut folders: Vec<PathBuf> = [dir.clone()].into_iter().chain(own).collect();
    let own = folders.len();
    let mut at = 0;
    while at < folders.len() && folders.len() < own + MOST {
        for path in paths(&fs::read_to_string(folders[at].join("mix.exs")).unwrap_or_default()) {
            let folder = resolved(&folders[at].join(path));
            if !folders.contains(&folder) && BUILT_BY.iter().any(|it| folder.join(it).is_file()) {
                folders.push(folder);
            }
        }
        at += 1;
    }
    let found = folders.iter().skip(own).take(MOST);
    found.filter_map(|folder| relative(folder, &dir)).collect()
}

/// All literals `path: "…"` in the code of a `mix.exs`.
fn paths(mix_exs: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (line, start) in mix_exs.split('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len() + 1;
        Some((line, start))
    }) {
        for (at, key) in code(line).match_indices("path:") {
            let longer = line[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_');
            let rest = mix_exs[start + at + key.len()..].trim_start().strip_prefix('"');
            let path = rest.and_then(|rest| Some(rest.split_once('"')?.0));
            found.extend(path.filter(|it| !longer && !it.is_empty() && !it.contains("#{")));
        }
    }
    found
}

/// The line up to its comment.
fn code(line: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    let comment = line.char_indices().find(|(_, it)| {
        let begins = *it == '#' && !quoted;
        quoted ^= *it == '"' && !escaped;
        escaped = *it == '\\' && !escaped;
        begins
    });
    comment.map_or(line, |(at, _)| &line[..at])
}

/// Without `.` and `..`, as Elixir expands a path: links are not looked at.
fn resolved(path: &Path) -> PathBuf {
    let mut folder = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(folder.pop()),
            Component::CurDir => {}
            other => folder.push(other),
        }
    }
    folder
}

/// The way from `dir` to `folder`, both absolute; `None` where it is no text.
fn relative(folder: &Path, dir: &Path) -> Option<String> {
    let shared = folder.components().zip(dir.components()).take_while(|(one, two)| one == two);
    let shared = shared.count();
    let up = dir.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(folder.components().skip(shared)).collect();
    way.to_str().map(ToOwned::to_owned)
}

#[cfg(test)]
#[path = "path_deps_tests.rs"]
mod tests;
