//! How a project lies on disk: its applications, their folders and their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What sources are called.
pub(crate) const SOURCES: [&str; 9] =
    [".ex", ".exs", ".eex", ".leex", ".heex", ".erl", ".hrl", ".yrl", ".xrl"];
/// Folders that hold no sources of the project.
const FOREIGN: [&str; 6] = ["deps", "_build", "node_modules", "cover", ".git", ".elixir_ls"];
/// Deeper folders are not looked into.
const DEEPEST: usize = 24;

/// The applications of a project, from the text of its `mix.exs` files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The ways in which the project's folder may be written.
    pub(crate) roots: Vec<PathBuf>,
    /// Is there a `mix.exs`?
    pub(crate) mix_exs: bool,
    /// The application of the root; an umbrella has none.
    pub(crate) app: Option<String>,
    /// The applications of an umbrella, with their folders relative to the project.
    pub(crate) apps: BTreeMap<String, String>,
    /// The sources, relative to the project. None means that nobody has looked.
    pub(crate) files: BTreeSet<String>,
}

/// Whose file it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The project's own: relative to the project, with its application in an umbrella.
    Own { file: String, app: Option<String> },
    /// A dependency's.
    Foreign,
}

impl Layout {
    /// Looks at the project in `dir`. What cannot be read is not there: Mix itself will say so better.
    pub(crate) fn of(dir: &Path) -> Self {
        let file = dir.join("mix.exs");
        let mix_exs = fs::read_to_string(&file).unwrap_or_default();
        let mut roots = vec![dir.to_owned()];
        roots.extend(dir.canonicalize().ok().filter(|it| it != dir));
        let apps = Self::applications(dir);
        let app = app_name(&mix_exs);
        let mut files = BTreeSet::new();
        sources(dir, "", DEEPEST, &mut files);
        Self { roots, mix_exs: file.is_file(), app, apps: apps.unwrap_or_default(), files }
    }

    /// The applications of an umbrella, with their folders relative to the project; `None` if it is none.
    pub(crate) fn applications(dir: &Path) -> Option<BTreeMap<String, String>> {
        let mix_exs = fs::read_to_string(dir.join("mix.exs")).ok()?;
        literal(&mix_exs, "apps_path:").map(|folder| children(dir, &folder))
    }

    /// Whose file `path` is, as a tool wrote it while it was at `app` (`==> app`).
    ///
    /// `app` is no more than a hint: those lines come on another stream than diagnostics do, and may be late.
    /// What counts is who has such a file.
    pub(crate) fn place(&self, path: &str, app: Option<&str>) -> Place {
        let path = path.trim_start_matches("./");
        if Path::new(path).is_absolute() {
            return match self.relative(path) {
                Some(file) if !file.starts_with("deps/") => self.own(file),
                _ => Place::Foreign,
            };
        }
        if !self.files.is_empty() {
            return self.find(path, app).map_or(Place::Foreign, |file| self.own(file));
        }
        if path.starts_with("deps/") || app.is_some_and(|app| self.is_foreign(app)) {
            return Place::Foreign;
        }
        match app.and_then(|app| self.apps.get(app)) {
            Some(folder) if !path.starts_with(&format!("{folder}/")) => {
                self.own(format!("{folder}/{path}"))
            }
            _ => self.own(path.to_owned()),
        }
    }

    /// Is `app` none of the project's own? Unknown names count as own when the root's name is unknown.
    pub(crate) fn is_foreign(&self, app: &str) -> bool {
        let known = self.app.is_some() || !self.apps.is_empty();
        known && self.app.as_deref() != Some(app) && !self.apps.contains_key(app)
    }

    /// A path below the project, relative to it.
    pub(crate) fn relative(&self, path: &str) -> Option<String> {
        let file = self.roots.iter().find_map(|root| Path::new(path).strip_prefix(root).ok())?;
        Some(file.to_string_lossy().into_owned())
    }

    /// The source that `path` stands for: of the application it is said to be of, of the root, or of any other.
    fn find(&self, path: &str, app: Option<&str>) -> Option<String> {
        let of = |folder: &String| format!("{folder}/{path}");
        let said = app.and_then(|app| self.apps.get(app)).map(of);
        let others = self.apps.values().map(of);
        let mut all = said.into_iter().chain([path.to_owned()]).chain(others);
        all.find(|file| self.files.contains(file))
    }

    fn own(&self, file: String) -> Place {
        let of = |(_, folder): &(&String, &String)| file.starts_with(&format!("{folder}/"));
        let app = self.apps.iter().find(of).map(|(app, _)| app.clone());
        Place::Own { file, app }
    }
}

/// Collects the sources below `folder`. Links are not followed: they may lead anywhere.
fn sources(dir: &Path, folder: &str, depth: usize, files: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir.join(folder)).into_iter().flatten().flatten() {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
            continue;
        };
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if kind.is_dir() && depth > 0 && !FOREIGN.contains(&name.as_str()) {
            sources(dir, &path, depth - 1, files);
        } else if kind.is_file() && SOURCES.iter().any(|it| name.ends_with(it)) {
            files.insert(path);
        }
    }
}

fn children(dir: &Path, folder: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir.join(folder)).into_iter().flatten().flatten();
    let app = |entry: fs::DirEntry| {
        let mix_exs = fs::read_to_string(entry.path().join("mix.exs")).ok()?;
        let name = entry.file_name().into_string().ok()?;
        Some((app_name(&mix_exs).unwrap_or_else(|| name.clone()), format!("{folder}/{name}")))
    };
    entries.filter_map(app).collect()
}

/// `app: :shop`, or `app: @app` with `@app :shop`.
fn app_name(mix_exs: &str) -> Option<String> {
    match after(mix_exs, "app:")? {
        rest if rest.starts_with('@') => atom(after(mix_exs, &format!("{} ", word(rest, 1)))?),
        rest => atom(rest),
    }
}

/// The text of `key "text"`.
fn literal(text: &str, key: &str) -> Option<String> {
    let rest = after(text, key)?.strip_prefix('"')?;
    Some(rest.split_once('"')?.0.trim_end_matches('/').to_owned())
}

fn atom(text: &str) -> Option<String> {
    let name = word(text.strip_prefix(':')?, 0);
    (!name.is_empty()).then(|| name.to_owned())
}

/// A leading word, after `skip` bytes that belong to it whatever they are.
fn word(text: &str, skip: usize) -> &str {
    let end = text[skip..].find(|it: char| !(it.is_alphanumeric() || it == '_'));
    end.map_or(text, |end| &text[..skip + end])
}

/// What follows the first `key` that is not the end of a longer word or in a comment.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    for (start, line) in lines.filter(|(_, line)| !line.trim_start().starts_with('#')) {
        for (at, _) in line.match_indices(key) {
            let before = line[..at].chars().next_back();
            if !before.is_some_and(|it| it.is_alphanumeric() || it == '_') {
                return Some(text[start + at + key.len()..].trim_start());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn umbrella() -> Layout {
        let apps = [("alpha", "apps/alpha"), ("beta_web", "apps/beta")];
        let apps = apps.map(|(app, folder)| (app.to_owned(), folder.to_owned())).into();
        Layout { roots: vec!["/home/ci/umb".into()], mix_exs: true, apps, ..Layout::default() }
    }

    #[test]
    fn the_name_of_an_application_is_read_from_mix_exs() {
        for (text, name) in [
            ("[app: :shop, version: \"0.1.0\"]", Some("shop")),
            ("@app :shop\n [\n  app: @app,\n", Some("shop")),
            ("# app: :old\n [app: :new]", Some("new")),
            ("[my_app: 1, version: 2]", None),
            ("app: name()", None),
            ("", None),
        ] {
            assert_eq!(app_name(text).as_deref(), name, "{text}");
        }
        assert_eq!(literal("apps_path: \"apps/\",", "apps_path:").as_deref(), Some("apps"));
    }

    #[test]
    fn a_file_belongs_to_the_project_or_to_a_dependency() {
        let own = |file: &str, app: Option<&str>| Place::Own {
            file: file.into(),
            app: app.map(ToOwned::to_owned),
        };
        for (path, at, place) in [
            ("lib/a.ex", Some("alpha"), own("apps/alpha/lib/a.ex", Some("alpha"))),
            (
                "apps/beta/test/b.exs",
                Some("beta_web"),
                own("apps/beta/test/b.exs", Some("beta_web")),
            ),
            ("/home/ci/umb/apps/alpha/lib/a.ex", None, own("apps/alpha/lib/a.ex", Some("alpha"))),
            ("mix.exs", None, own("mix.exs", None)),
            ("lib/jason.ex", Some("jason"), Place::Foreign),
            ("deps/jason/lib/jason.ex", None, Place::Foreign),
            ("/home/ci/umb/deps/jason/lib/jason.ex", None, Place::Foreign),
            ("/usr/lib/elixir/lib/enum.ex", None, Place::Foreign),
        ] {
            assert_eq!(umbrella().place(path, at), place, "{path} at {at:?}");
        }
    }

    #[test]
    fn who_has_the_file_counts_more_than_whose_turn_it_was() {
        let files = ["mix.exs", "apps/alpha/mix.exs", "apps/alpha/lib/a.ex", "apps/beta/lib/b.ex"];
        let layout = Layout { files: files.map(Into::into).into(), ..umbrella() };
        for (path, at, file) in [
            ("lib/a.ex", Some("beta_web"), Some("apps/alpha/lib/a.ex")),
            ("lib/b.ex", Some("jason"), Some("apps/beta/lib/b.ex")),
            ("mix.exs", Some("alpha"), Some("apps/alpha/mix.exs")),
            ("mix.exs", None, Some("mix.exs")),
            ("lib/jason.ex", Some("alpha"), None),
        ] {
            let place = layout.place(path, at);
            let own = if let Place::Own { file, .. } = &place { Some(file.as_str()) } else { None };
            assert_eq!(own, file, "{path} at {at:?}");
        }
    }
}
