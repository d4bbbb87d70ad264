//! Files that do not belong into a repository.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{ARTEFACT, BINARY, GIT_STATE, Hygiene, SIZE, STALE};
use crate::doctrine::{Codebase, Found, Source};

/// So many bytes tell whether it is text, as git does it.
const TELLING: usize = 8 << 10;
/// So many files are named.
const MOST_NAMED: usize = 3;

pub(super) fn size(settings: &Hygiene, source: &Source, codebase: &Codebase, found: &mut Found) {
    let (size, is_text) = if source.bytes.is_empty() {
        // What is empty may only be too large to be read.
        let file = codebase.dir.join(source.path);
        let Ok(meta) = std::fs::symlink_metadata(&file) else { return };
        if !meta.is_file() || meta.len() <= settings.max_text.min(settings.max_other) {
            return;
        }
        (meta.len(), looks_like_text(&file))
    } else {
        (source.bytes.len() as u64, !source.text.is_empty())
    };
    let (limit, what) = if is_text {
        (settings.max_text, "text")
    } else {
        (settings.max_other, "a file that is no text")
    };
    if size > limit {
        let message =
            format!("this is {what} of {}, more than {}", mebibytes(size), mebibytes(limit));
        found.file(&SIZE, message);
    }
}

fn looks_like_text(file: &Path) -> bool {
    let mut start = Vec::with_capacity(TELLING);
    let read = File::open(file).and_then(|it| it.take(TELLING as u64).read_to_end(&mut start));
    let ends_within = |error: std::str::Utf8Error| error.error_len().is_none();
    read.is_ok() && !start.contains(&0) && std::str::from_utf8(&start).err().is_none_or(ends_within)
}

/// Rounded up, with one digit.
fn mebibytes(size: u64) -> String {
    let tenths = size.saturating_mul(10).div_ceil(1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

pub(super) fn binary(source: &Source, found: &mut Found) {
    // Beside the two places of Phoenix, pictures of documents are kept in folders of such names.
    let belongs = |it: &str| matches!(it, "assets" | "test" | "images" | "imgs" | "img" | "icons");
    if source.path.split('/').any(belongs) || source.path.contains("priv/static/") {
        return;
    }
    if source.text.is_empty() && source.bytes.iter().take(TELLING).any(|it| *it == 0) {
        found.file(&BINARY, "this file is no text, and lies where code is");
    }
}

pub(super) fn stale(source: &Source, found: &mut Found) {
    let name = source.file_name();
    let ending = name.rsplit_once('.').map_or("", |it| it.1);
    let is_stale = matches!(ending, "bak" | "orig" | "rej" | "old" | "deprecated" | "swp")
        || name.ends_with('~')
        || matches!(name, ".DS_Store" | "erl_crash.dump");
    if is_stale {
        found.file(&STALE, format!("`{name}` was left behind by a tool or a person"));
    }
}

/// What tools make, and what holds secrets: one violation for a folder.
pub(super) fn artefacts(codebase: &Codebase, found: &mut Found) {
    let mut made: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for (path, _) in codebase.meant().filter(|(_, it)| it.tracked) {
        if let Some(folder) = made_folder(path, codebase) {
            made.entry(folder).or_insert((path, 0)).1 += 1;
        } else if let Some(what) = made_file(path) {
            found.path(&ARTEFACT, path, None, what);
        }
    }
    for (folder, (first, count)) in made {
        let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        found.path(
            &ARTEFACT,
            first,
            None,
            format!("git keeps {files} of `{folder}`, which tools make"),
        );
    }
}

/// The folder that a tool made, with its path. `deps` and `cover` are made beside a `mix.exs`; elsewhere they are names as others.
fn made_folder<'p>(path: &'p str, codebase: &Codebase) -> Option<&'p str> {
    let mut start = 0;
    for (at, _) in path.match_indices('/') {
        let is_made = match &path[start..at] {
            "_build" | "node_modules" | ".elixir_ls" => true,
            "deps" | "cover" => start == 0 || codebase.has(&format!("{}mix.exs", &path[..start])),
            _ => false,
        };
        if is_made {
            return Some(&path[..at]);
        }
        start = at + 1;
    }
    None
}

fn made_file(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name == ".env" || name.ends_with(".secret.exs") {
        Some("this file is meant for secrets, and git keeps it")
    } else if name.rsplit_once('.').is_some_and(|it| it.1 == "beam") {
        Some("this file is compiled from others")
    } else {
        None
    }
}

/// What is not committed, where that is asked for: before a deploy.
pub(super) fn state(codebase: &Codebase, found: &mut Found) {
    let dirty = codebase.git.as_ref().and_then(|it| it.dirty.as_deref()).unwrap_or_default();
    // What this program itself keeps is none of the project.
    let own = |it: &&String| it.starts_with("??") && it.ends_with(".pipeline/");
    let dirty: Vec<_> = dirty.iter().filter(|it| !own(it)).collect();
    let Some(first) = dirty.first() else { return };
    let mut named: Vec<_> = dirty.iter().take(MOST_NAMED).map(|it| it.trim()).collect();
    if dirty.len() > MOST_NAMED {
        named.push("…");
    }
    let message =
        format!("{} files are not as they are committed: {}", dirty.len(), named.join(", "));
    let path = first.get(3..).unwrap_or_default();
    let path = if codebase.has(path) { path } else { "" };
    found.path(&GIT_STATE, path, None, message);
}
