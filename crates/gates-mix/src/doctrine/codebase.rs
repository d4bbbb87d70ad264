//! The project as a whole: its files, its applications, its commits.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::git::Git;
use super::outline::Outline;
use super::source::Role;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    Added,
    /// It was there, with other content or under another name.
    Modified,
}

/// Which files are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All.
    #[default]
    All,
    /// Those that differ from a commit.
    Changed {
        /// The commit; the newest that is in the main branch as well, if not said.
        base: Option<String>,
    },
    /// What is staged, as it is staged.
    Staged,
    /// These, as they lie there.
    Only(Vec<String>),
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is for.
    pub role: Role,
    /// Does git keep it? Where there is no git, every file counts as kept.
    pub tracked: bool,
    /// What became of it; `None` where it did not change or nobody asked.
    pub change: Option<Change>,
}

/// The project as a whole.
#[derive(Clone, Debug, Default)]
pub struct Codebase {
    /// Its folder.
    pub dir: PathBuf,
    /// All files but those that git ignores, by path relative to the project.
    pub files: BTreeMap<String, Entry>,
    /// The applications of an umbrella, with their folders relative to the project.
    pub apps: BTreeMap<String, String>,
    /// Is it an umbrella?
    pub umbrella: bool,
    /// Are only changed files meant?
    pub partial: bool,
    /// What git says; `None` without a repository.
    pub git: Option<Git>,
    /// What the files with code say. In [`Pillar::file`](super::Pillar::file) it is still empty.
    pub outlines: Vec<Outline>,
}

impl Codebase {
    /// Is there such a file?
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Files with their entries, of this role.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = (&str, &Entry)> {
        self.files
            .iter()
            .filter(move |(_, it)| it.role == role)
            .map(|(path, it)| (path.as_str(), it))
    }

    /// The files that changed; all where nobody asked for changed ones.
    pub fn meant(&self) -> impl Iterator<Item = (&str, &Entry)> {
        let meant = |it: &Entry| !self.partial || it.change.is_some();
        self.files.iter().filter(move |(_, it)| meant(it)).map(|(path, it)| (path.as_str(), it))
    }

    /// The application of an umbrella that a file belongs to.
    #[must_use]
    pub fn app_of(&self, path: &str) -> Option<&str> {
        let within = |folder: &String| {
            path.strip_prefix(folder.as_str()).is_some_and(|it| it.starts_with('/'))
        };
        self.apps.iter().find(|(_, folder)| within(folder)).map(|(app, _)| app.as_str())
    }
}
