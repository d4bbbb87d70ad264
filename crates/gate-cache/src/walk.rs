//! Finds files: one walk for the globs of all gates.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::error::Error;

/// What tools leave behind, wherever it is.
const LEFT_BEHIND: [&str; 5] = [".elixir_ls", ".git", ".pipeline", "_build", "node_modules"];
/// What Mix leaves behind beside a `mix.exs`.
const LEFT_BY_MIX: [&str; 2] = ["cover", "deps"];
/// How much a walk may find. A project has some ten thousand files; a glob such as `/**` would go on for minutes.
const MOST: usize = 1_000_000;

/// Something that is no folder, or a folder that could not be entered.
#[derive(Debug)]
pub(crate) struct Found {
    /// Relative to the working directory, or absolute where its glob is.
    pub(crate) path: PathBuf,
    /// How many bytes of the path a glob has to name literally; see [`crate::globs::Globs::matches`].
    pub(crate) guard: usize,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    File,
    Link,
    /// A socket, a pipe, a device: never opened.
    Other,
    /// A folder that could not be entered, and why.
    Closed(io::Error),
}

/// All that is at and below these roots, in the order of its bytes. What is not there is not found.
pub(crate) fn walk<'a>(
    workdir: &Path,
    roots: impl Iterator<Item = &'a Path>,
) -> Result<Vec<Found>, Error> {
    let roots: BTreeSet<&Path> = roots.collect();
    let mut walk = Walk { workdir, found: Vec::new(), left: Vec::new() };
    for root in &roots {
        if !roots.iter().any(|other| other != root && walk.covers(other, root)) {
            walk.start(root)?;
        }
    }
    let mut found = walk.found;
    let key = |it: &Found| (it.path.as_os_str().to_owned(), it.guard);
    found.sort_by_cached_key(key);
    found.dedup_by(|later, earlier| later.path == earlier.path);
    Ok(found)
}

struct Walk<'a> {
    workdir: &'a Path,
    found: Vec<Found>,
    left: Vec<Folder>,
}

struct Folder {
    path: PathBuf,
    guard: usize,
    /// The real folders of the links that led here, the last one first.
    way: Option<Arc<Way>>,
}

struct Way {
    from: PathBuf,
    before: Option<Arc<Way>>,
}

impl Walk<'_> {
    /// Does the walk from `root` come by `other` for certain? Not through links, and not through what is left behind.
    fn covers(&self, root: &Path, other: &Path) -> bool {
        let Ok(rest) = other.strip_prefix(root) else { return false };
        let mut at = self.workdir.join(root);
        rest.components().all(|part| {
            let Component::Normal(name) = part else { return false };
            at.push(name);
            !is_left_behind(name, true) && !at.is_symlink()
        })
    }

    fn start(&mut self, root: &Path) -> Result<(), Error> {
        let at = self.workdir.join(root);
        let kind = match fs::symlink_metadata(&at) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return self.find(root.into(), guard(root), What::Closed(error)),
        };
        let folder = Folder { path: PathBuf::new(), guard: guard(root), way: None };
        self.meet(root.into(), kind, &folder)?;
        while let Some(folder) = self.left.pop() {
            self.enter(&folder)?;
        }
        Ok(())
    }

    fn enter(&mut self, folder: &Folder) -> Result<(), Error> {
        let entries = fs::read_dir(self.workdir.join(&folder.path))
            .and_then(Iterator::collect::<io::Result<Vec<DirEntry>>>);
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return self.find(folder.path.clone(), folder.guard, What::Closed(error)),
        };
        let mix = entries.iter().any(|entry| entry.file_name() == "mix.exs");
        for entry in entries {
            let (name, path) = (entry.file_name(), folder.path.join(entry.file_name()));
            match entry.file_type() {
                Ok(kind) if !is_left_behind(&name, mix) => self.meet(path, kind, folder)?,
                Ok(kind) if kind.is_dir() => {}
                Ok(kind) => self.find(path, folder.guard, what(kind))?,
                Err(error) if is_gone(&error) => {}
                Err(error) => self.find(path, folder.guard, What::Closed(error))?,
            }
        }
        Ok(())
    }

    /// Takes in what is at `path` in `folder`, and goes on into it if it is a folder or leads to one.
    fn meet(&mut self, path: PathBuf, kind: FileType, folder: &Folder) -> Result<(), Error> {
        let guard = folder.guard;
        if kind.is_dir() {
            self.left.push(Folder { path, guard, way: folder.way.clone() });
            return Ok(());
        }
        if kind.is_symlink()
            && let Some(way) = self.follow(&path, folder.way.as_ref())
        {
            self.left.push(Folder { path: path.clone(), guard, way: Some(way) });
        }
        self.find(path, guard, what(kind))
    }

    /// The way on through a link to a folder. There is none back to a folder that the way came through.
    fn follow(&self, link: &Path, before: Option<&Arc<Way>>) -> Option<Arc<Way>> {
        let link = self.workdir.join(link);
        let to = fs::canonicalize(&link).ok().filter(|to| to.is_dir())?;
        let from = fs::canonicalize(link.parent()?).ok()?;
        let way = Arc::new(Way { from, before: before.cloned() });
        let mut steps = std::iter::successors(Some(&way), |way| way.before.as_ref());
        let back = steps.any(|way| way.from.starts_with(&to));
        (!back).then_some(way)
    }

    fn find(&mut self, path: PathBuf, guard: usize, what: What) -> Result<(), Error> {
        if self.found.len() + self.left.len() >= MOST {
            let root = path.parent().unwrap_or(&path).into();
            return Err(Error::TooMany { root, most: MOST });
        }
        self.found.push(Found { path, guard, what });
        Ok(())
    }
}

fn what(kind: FileType) -> What {
    match (kind.is_file(), kind.is_symlink()) {
        (true, _) => What::File,
        (_, true) => What::Link,
        _ => What::Other,
    }
}

/// Where the part of a root ends that only those globs reach that name it.
fn guard(root: &Path) -> usize {
    let named =
        root.ancestors().find(|it| it.file_name().is_some_and(|it| is_left_behind(it, true)));
    named.map_or(0, |it| it.as_os_str().len())
}

fn is_left_behind(name: &OsStr, mix: bool) -> bool {
    let is = |names: &[&str]| names.iter().any(|it| name == *it);
    is(&LEFT_BEHIND) || (mix && is(&LEFT_BY_MIX))
}

/// Not there, or not any more.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
