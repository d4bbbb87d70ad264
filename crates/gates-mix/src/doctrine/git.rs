//! What git says of a project: its files, what changed, its commits.

mod said;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::codebase::{Change, Scope};
use super::error::DoctrineError;
use said::{added_lines, blobs, commits, name_status};

/// Where a branch usually leaves from, the surest first.
const USUAL: [&str; 3] = ["origin/HEAD", "main", "master"];
/// So many names are given to git one by one.
const MOST_NAMES: usize = 200;
/// So many commits are looked at.
const MOST_COMMITS: &str = "500";

/// One commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Its whole hash.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// Its first line.
    pub subject: String,
    /// All of its message.
    pub message: String,
    /// Has it more than one parent?
    pub is_merge: bool,
    /// The files that it touches, relative to the project.
    pub files: Vec<String>,
    /// How many lines it adds and removes; those of binary files are none.
    pub lines: usize,
}

/// What git says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Git {
    /// Where the branch left the one that it is compared with.
    pub base: Option<String>,
    /// The commits since then, the newest first.
    pub commits: Vec<Commit>,
    /// The lines that were added or changed, by file; empty where nobody asked for changes.
    pub lines: BTreeMap<String, BTreeSet<u32>>,
    /// What is not committed, as `git status` tells it; `None` where nobody asked.
    pub dirty: Option<Vec<String>>,
}

/// The files of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) tracked: Vec<String>,
    pub(super) untracked: Vec<String>,
    pub(super) changed: Option<BTreeMap<String, Change>>,
}

/// Asks git in a folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker<'a> {
    dir: &'a Path,
}

impl<'a> Asker<'a> {
    pub(crate) fn of(dir: &'a Path) -> Self {
        Self { dir }
    }

    /// The files that git keeps.
    pub(super) fn tracked(self) -> Result<Vec<String>, DoctrineError> {
        match self.list(&["ls-files", "-z"]) {
            Err(DoctrineError::Git { said, .. }) if said.contains("not a git repository") => {
                Err(DoctrineError::NoRepository { dir: self.dir.display().to_string() })
            }
            listed => listed,
        }
    }

    /// Those that it neither keeps nor ignores.
    pub(super) fn untracked(self) -> Result<Vec<String>, DoctrineError> {
        self.list(&["ls-files", "--others", "--exclude-standard", "-z"])
    }

    /// Which files changed, where changes are asked for.
    pub(super) fn changed(
        self,
        scope: &Scope,
        base: Option<&str>,
    ) -> Result<Option<BTreeMap<String, Change>>, DoctrineError> {
        let said = match (scope, base) {
            (Scope::Changed { .. }, Some(base)) => {
                self.list(&[&DIFF[..], &[base, "--", "."]].concat())?
            }
            (Scope::Staged, _) => self.list(&[&DIFF[..], &["--cached", "--", "."]].concat())?,
            _ => return Ok(None),
        };
        Ok(Some(name_status(&said)))
    }

    /// The lines that were added or changed in these files.
    pub(super) fn lines(
        self,
        scope: &Scope,
        base: Option<&str>,
        changed: &BTreeMap<String, Change>,
    ) -> Result<BTreeMap<String, BTreeSet<u32>>, DoctrineError> {
        // However a person has set up git: names are to be as they are, and after `b/`.
        const HUNKS: [&str; 10] = [
            "-c",
            "core.quotePath=false",
            "diff",
            "-U0",
            "--relative",
            "--no-color",
            "--no-ext-diff",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            "--diff-filter=ACMR",
        ];
        // Names spare git a look at all other files.
        let names: Vec<_> = changed.keys().map(String::as_str).collect();
        let names = if names.len() <= MOST_NAMES { names } else { vec!["."] };
        let with = match (scope, base) {
            (Scope::Changed { .. }, Some(base)) => base,
            (Scope::Staged, _) => "--cached",
            _ => return Ok(BTreeMap::new()),
        };
        let literal = ["--literal-pathspecs"];
        let said = self.ask(&[&literal[..], &HUNKS, &[with, "--"], &names].concat())?;
        Ok(added_lines(&String::from_utf8_lossy(&said)))
    }

    /// The commit where this branch left `base`, or the main branch; on that branch itself, the newest one.
    pub(super) fn left_at(self, base: Option<&str>) -> Result<String, DoctrineError> {
        for candidate in base.map_or(USUAL.to_vec(), |base| vec![base]) {
            // What begins with a dash would be taken for an option.
            let known = !candidate.starts_with('-');
            let left = self.ask(&["merge-base", "HEAD", candidate]);
            if let (true, Ok(left)) = (known, left) {
                return Ok(String::from_utf8_lossy(&left).trim().to_owned());
            }
        }
        Err(match base {
            Some(base) => DoctrineError::UnknownCommit { base: base.to_owned() },
            None => DoctrineError::NoBase,
        })
    }

    /// The commits after `base`.
    pub(super) fn commits(self, base: &str) -> Result<Vec<Commit>, DoctrineError> {
        let range = format!("{base}..HEAD");
        let format = "--format=%x1e%H%x1f%P%x1f%an%x1f%s%x1f%B%x1f";
        let args = ["log", "-n", MOST_COMMITS, "--numstat", "--relative", format, &range];
        Ok(commits(&String::from_utf8_lossy(&self.ask(&args)?)))
    }

    /// The files of these places that were committed after `revision`.
    pub(crate) fn added(self, revision: &str, places: &str) -> Result<Vec<String>, DoctrineError> {
        let unknown = || DoctrineError::UnknownCommit { base: revision.to_owned() };
        // What begins with a dash would be taken for an option.
        if revision.starts_with('-') {
            return Err(unknown());
        }
        let commit = format!("{revision}^{{commit}}");
        self.ask(&["rev-parse", "--git-dir"])?;
        self.ask(&["cat-file", "-e", &commit]).map_err(|_| unknown())?;
        // A migration is known by its file's name: one that was renamed is a new one.
        let added = ["diff", "--name-only", "-z", "--relative", "--no-renames", "--diff-filter=A"];
        self.list(&[&added[..], &[&commit, "HEAD", "--", places]].concat())
    }

    /// Does git keep files in these places?
    pub(crate) fn some(self, places: &str) -> Result<bool, DoctrineError> {
        Ok(!self.list(&["ls-files", "-z", "--", places])?.is_empty())
    }

    /// What is not committed.
    pub(super) fn dirty(self) -> Result<Vec<String>, DoctrineError> {
        let said = self.ask(&["status", "--porcelain"])?;
        Ok(String::from_utf8_lossy(&said).lines().map(ToOwned::to_owned).collect())
    }

    /// The staged content of files, in their order.
    pub(super) fn staged(self, paths: &[String]) -> Result<Vec<Vec<u8>>, DoctrineError> {
        let failed = |why: std::io::Error| DoctrineError::Git {
            what: "cat-file".into(),
            said: why.to_string(),
        };
        let mut command = self.command(&["cat-file", "--batch"]);
        let mut git =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let names: String = paths.iter().flat_map(|it| [":./", it, "\n"]).collect();
        let stdin = git.stdin.take();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.map(|mut it| it.write_all(names.as_bytes())));
            git.wait_with_output()
        });
        Ok(blobs(&output.map_err(failed)?.stdout, paths.len()))
    }

    fn list(self, args: &[&str]) -> Result<Vec<String>, DoctrineError> {
        let said = self.ask(args)?;
        let names = said.split(|it| *it == 0).filter(|it| !it.is_empty());
        Ok(names.map(|it| String::from_utf8_lossy(it).into_owned()).collect())
    }

    fn ask(self, args: &[&str]) -> Result<Vec<u8>, DoctrineError> {
        let what = || args.first().copied().unwrap_or_default().to_owned();
        let output = self.command(args).output();
        let output = output.map_err(|why| match why.kind() {
            std::io::ErrorKind::NotFound => DoctrineError::NoGit,
            _ => DoctrineError::Git { what: what(), said: why.to_string() },
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or("it does not say why").to_owned();
        Err(DoctrineError::Git { what: what(), said })
    }

    fn command(self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .args(args)
            .current_dir(self.dir)
            .stdin(Stdio::null())
            .env("GIT_OPTIONAL_LOCKS", "0");
        command
    }
}

const DIFF: [&str; 5] = ["diff", "--name-status", "-z", "--relative", "--diff-filter=ACMRT"];
