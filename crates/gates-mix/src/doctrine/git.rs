//! What git says of a project: its files, what changed, its commits.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::codebase::{Change, Scope};
use super::error::DoctrineError;

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
pub(super) struct Asker<'a> {
    dir: &'a Path,
}

impl<'a> Asker<'a> {
    pub(super) fn of(dir: &'a Path) -> Self {
        Self { dir }
    }

    /// The files that git keeps.
    pub(super) fn tracked(self) -> Result<Vec<String>, DoctrineError> {
        match self.list(&["ls-files", "-z"]) {
            Err(DoctrineError::Git { said, .. }) if says_no_repository(&said) => {
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
        let output =
            output.map_err(|why| DoctrineError::Git { what: what(), said: why.to_string() })?;
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

/// Without git, or outside of a repository, files are found all the same.
fn says_no_repository(said: &str) -> bool {
    said.contains("not a git repository") || said.contains("No such file")
}

/// The answer of `git diff --name-status -z`, cut at its zeros: a letter, then a name, or two where it was renamed or copied.
fn name_status(said: &[String]) -> BTreeMap<String, Change> {
    let mut changed = BTreeMap::new();
    let mut words = said.iter();
    while let Some(status) = words.next() {
        let name = if status.starts_with(['R', 'C']) { words.nth(1) } else { words.next() };
        let change = if status.starts_with(['A', 'C']) { Change::Added } else { Change::Modified };
        changed.extend(name.map(|it| (it.clone(), change)));
    }
    changed
}

/// The new lines of each file in the answer of `git diff -U0`.
fn added_lines(said: &str) -> BTreeMap<String, BTreeSet<u32>> {
    let mut lines: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut file = None;
    for line in said.lines() {
        if let Some(name) = line.strip_prefix("+++ b/") {
            file = Some(name.trim_end_matches('\t').to_owned());
        } else if let Some((first, count)) = line.strip_prefix("@@ ").and_then(hunk) {
            let file = file.clone().unwrap_or_default();
            lines.entry(file).or_default().extend(first..first.saturating_add(count));
        }
    }
    lines
}

/// `-1,2 +3,4 @@ …`: the first new line, and how many.
fn hunk(text: &str) -> Option<(u32, u32)> {
    let new = text.split(' ').find_map(|it| it.strip_prefix('+'))?;
    let (first, count) = new.split_once(',').unwrap_or((new, "1"));
    Some((first.parse().ok()?, count.parse().ok()?))
}

fn commits(said: &str) -> Vec<Commit> {
    let commit = |text: &str| {
        let parts: Vec<_> = text.splitn(6, '\u{1f}').collect();
        let [id, parents, author, subject, message, numbers] = parts[..] else { return None };
        let numbers: Vec<_> = numbers.lines().filter_map(numstat).collect();
        Some(Commit {
            id: id.to_owned(),
            author: author.to_owned(),
            subject: subject.to_owned(),
            message: message.trim_end().to_owned(),
            is_merge: parents.split_whitespace().count() > 1,
            lines: numbers.iter().map(|it| it.0).sum(),
            files: numbers.into_iter().map(|it| it.1).collect(),
        })
    };
    said.split('\u{1e}').filter_map(commit).collect()
}

/// `3<TAB>1<TAB>lib/a.ex`: how many lines changed, and the file; of a renamed one its new name.
fn numstat(line: &str) -> Option<(usize, String)> {
    let mut parts = line.splitn(3, '\t');
    let (added, removed, name) = (parts.next()?, parts.next()?, parts.next()?);
    // Binary files have `-`.
    let number = |it: &str| it.parse::<usize>().unwrap_or(0);
    let name = match (name.split_once('{'), name.split_once(" => ")) {
        (Some((before, rest)), Some(_)) => {
            let (renamed, after) = rest.split_once('}').unwrap_or((rest, ""));
            let new = renamed.split_once(" => ").map_or(renamed, |it| it.1);
            format!("{before}{new}{after}").replace("//", "/")
        }
        (None, Some((_, new))) => new.to_owned(),
        _ => name.to_owned(),
    };
    Some((number(added) + number(removed), name))
}

/// The contents in the answer of `git cat-file --batch`.
fn blobs(said: &[u8], expected: usize) -> Vec<Vec<u8>> {
    let mut rest = said;
    let mut blobs = Vec::with_capacity(expected);
    while blobs.len() < expected {
        let Some(end) = rest.iter().position(|it| *it == b'\n') else { break };
        let header = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        let size = header
            .rsplit(' ')
            .next()
            .and_then(|it| it.parse::<usize>().ok())
            .filter(|_| header.contains(" blob "));
        let size = size.unwrap_or(0).min(rest.len());
        blobs.push(rest[..size].to_vec());
        if header.contains(" blob ") {
            rest = rest.get(size + 1..).unwrap_or_default();
        }
    }
    blobs.resize(expected, Vec::new());
    blobs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_read() {
        let said = ["M", "lib/a.ex", "R090", "lib/old.ex", "lib/new.ex", "A", "lib/b.ex"]
            .map(ToOwned::to_owned);
        let changed = name_status(&said);
        assert_eq!(changed["lib/new.ex"], Change::Modified);
        assert_eq!(changed["lib/b.ex"], Change::Added);
        assert!(!changed.contains_key("lib/old.ex"));

        let lines = added_lines(
            "+++ b/lib/a.ex\n@@ -1 +1,2 @@ x\n+a\n+b\n@@ -9,0 +11 @@\n+c\n+++ b/b c\t\n@@ -1,2 +0,0 @@\n",
        );
        assert_eq!(lines["lib/a.ex"], BTreeSet::from([1, 2, 11]));
        assert!(lines["b c"].is_empty());

        let log = "\u{1e}abc\u{1f}p q\u{1f}Jo\u{1f}Merge x\u{1f}Merge x\n\u{1f}\n\u{1e}def\u{1f}p\u{1f}Jo\u{1f}fix: a\u{1f}fix: a\n\nb\n\u{1f}\n\n3\t1\tlib/a.ex\n-\t-\tpriv/{old => new}/a.png\n2\t0\told.ex => new.ex\n";
        let commits = commits(log);
        assert!(commits[0].is_merge);
        assert_eq!(commits[1].message, "fix: a\n\nb");
        assert_eq!(commits[1].files, ["lib/a.ex", "priv/new/a.png", "new.ex"]);
        assert_eq!(commits[1].lines, 6);

        let said = b"1234 blob 3\nab\n\n:./gone missing\n5678 blob 1\nx\n";
        assert_eq!(blobs(said, 3), [b"ab\n".to_vec(), Vec::new(), b"x".to_vec()]);
    }
}
