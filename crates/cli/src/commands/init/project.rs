//! The project that `pipeline init` finds: its files, read and not run.

use std::path::{Path, PathBuf};

use super::fly::FlyFile;
use super::mix::MixFile;
use super::router::{self, Route};
use crate::config::FILE_NAME;

/// Folders without sources of the project's own.
const NOT_OURS: [&str; 8] =
    ["_build", "deps", "node_modules", "cover", "priv", "assets", "test", "target"];

/// How deep sources lie at most, below the project.
const DEEPEST: usize = 12;

/// A larger file is no router.
const LARGEST: u64 = 1024 * 1024;

/// A router, by its path in the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Router {
    pub(super) file: String,
    pub(super) routes: Vec<Route>,
}

/// All that was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Project {
    pub(super) root: PathBuf,
    /// The `mix.exs` of the project, then those of the applications of an umbrella, by their paths in the project.
    pub(super) mix: Vec<(String, MixFile)>,
    pub(super) flys: Vec<FlyFile>,
    pub(super) routers: Vec<Router>,
    /// Files that are called router.ex and are none that can be read.
    pub(super) odd_routers: Vec<String>,
    pub(super) dockerfile: bool,
    pub(super) formatter: bool,
    pub(super) lock: bool,
}

impl Project {
    /// The project at or above this folder: the outermost one with a `mix.exs`, else the nearest with a `fly.toml`. Nothing above
    /// the git repository that the folder is in counts.
    pub(crate) fn at(from: &Path) -> Self {
        let mut within: Vec<&Path> = Vec::new();
        for dir in from.ancestors() {
            within.push(dir);
            if dir.join(".git").exists() {
                break;
            }
        }
        let mix = within.iter().rev().find(|it| it.join("mix.exs").is_file());
        let fly = within.iter().find(|it| it.join("fly.toml").is_file());
        let ours = within.iter().find(|it| it.join(FILE_NAME).is_file());
        let root = ours.or(mix).or(fly).copied().unwrap_or(from);
        Self::read(root)
    }

    fn read(root: &Path) -> Self {
        let mut project = Self {
            root: root.to_owned(),
            mix: mix_files(root),
            flys: fly_files(root),
            dockerfile: root.join("Dockerfile").is_file(),
            formatter: root.join(".formatter.exs").is_file(),
            lock: root.join("mix.lock").is_file(),
            ..Self::default()
        };
        if !project.mix.is_empty() {
            project.look_for_routers(root, DEEPEST);
        }
        project
    }

    /// Is there nothing to make a configuration of?
    pub(super) fn is_nothing(&self) -> bool {
        self.mix.is_empty() && self.flys.is_empty()
    }

    /// What people call it.
    pub(super) fn name(&self) -> String {
        let release = self.mix.first().and_then(|(_, it)| it.releases.first().or(it.app.as_ref()));
        let app = self.flys.iter().find_map(|it| it.app.as_ref().map(|(app, _)| app));
        let folder = self.root.file_name().map(|it| it.to_string_lossy().into_owned());
        release.or(app).cloned().or(folder).unwrap_or_else(|| "my-app".to_owned())
    }

    /// A dependency of the project or of one of its applications, and where it stands.
    pub(crate) fn dep(&self, name: &str) -> Option<String> {
        self.mix.iter().find_map(|(file, it)| Some(format!("{file}:{}", it.dep(name)?)))
    }

    /// The version of Elixir that the project, or an application of it, asks for.
    pub(crate) fn elixir(&self) -> Option<&str> {
        self.mix.iter().find_map(|(_, it)| it.elixir.as_deref())
    }

    fn look_for_routers(&mut self, dir: &Path, depth: usize) {
        for path in entries(dir) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_symlink() || name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                if depth > 0 && !NOT_OURS.contains(&&*name) {
                    self.look_for_routers(&path, depth - 1);
                }
            } else if path.extension().is_some_and(|it| it == "ex") {
                self.look_at(&path, &name);
            }
        }
    }

    fn look_at(&mut self, path: &Path, name: &str) {
        if path.metadata().is_ok_and(|it| it.len() > LARGEST) {
            return;
        }
        let file = path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        let read = std::fs::read_to_string(path).ok().and_then(|it| router::read(&it));
        match read {
            Some(routes) => self.routers.push(Router { file, routes }),
            None if name == "router.ex" => self.odd_routers.push(file),
            None => {}
        }
    }
}

/// What is in a folder, in the order of the names.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|it| it.path()).collect();
    paths.sort();
    paths
}

fn mix_files(root: &Path) -> Vec<(String, MixFile)> {
    let read = |file: &str| {
        let text = std::fs::read_to_string(root.join(file)).ok()?;
        Some((file.to_owned(), MixFile::read(&text)))
    };
    let Some(top) = read("mix.exs") else { return Vec::new() };
    // Without `..`: what is outside the project is none of its applications.
    let apps = top.1.apps_path.clone().filter(|it| !it.contains("..") && !it.starts_with('/'));
    let inner = apps.into_iter().flat_map(|apps| {
        entries(&root.join(&apps)).into_iter().filter_map(move |it| {
            let name = it.file_name()?.to_str()?.to_owned();
            Some(format!("{apps}/{name}/mix.exs"))
        })
    });
    let inner: Vec<_> = inner.filter_map(|it| read(&it)).collect();
    [top].into_iter().chain(inner).collect()
}

/// `fly.toml` and further ones, the one for staging first and those for production last.
fn fly_files(root: &Path) -> Vec<FlyFile> {
    let is_fly = |name: &str| {
        name == "fly.toml"
            || name.strip_prefix("fly.").is_some_and(|it| it.strip_suffix(".toml").is_some())
    };
    let mut files: Vec<FlyFile> = entries(root)
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str().filter(|it| is_fly(it))?.to_owned();
            let text = std::fs::read_to_string(&path).ok()?;
            Some(FlyFile::read(&path, &name, &text))
        })
        .collect();
    files.sort_by_key(|it| super::fly::is_production(&it.environment().0));
    files
}
