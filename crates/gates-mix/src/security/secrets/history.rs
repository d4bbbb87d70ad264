//! Secrets in all that git keeps: what was committed once is published, whatever the newest commit says.
//!
//! Three commands: one lists every object once, one says which of them are files and how large, one gives their bytes. They are
//! streams, so that no more than one file is in memory at a time. Commits are asked for once, at the end, and only where
//! something was found.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};

use super::error::SecretsError;
use super::git::{broken, ended, start, whole_history};
use super::rules::SecretRules;
use super::secret::Secret;

const LIST: [&str; 3] = ["rev-list", "--objects", "--all"];
const SIZES: [&str; 2] =
    ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)"];
const CONTENTS: [&str; 2] = ["cat-file", "--batch"];
const COMMITS: [&str; 8] =
    ["log", "--all", "--raw", "--no-abbrev", "--no-renames", "-m", "--root", "--format=commit %H"];
/// So many files are asked for at once. All of that fits into a pipe, so that nobody waits for each other.
const AT_ONCE: usize = 64;

/// What a look at the history found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct History {
    /// Each secret once for each path it stood in, with the first commit that had it there.
    pub secrets: Vec<PastSecret>,
    /// How many different contents of files were looked at.
    pub looked_at: u64,
    /// How many were too large to look at.
    pub too_large: u64,
}

/// A secret in a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PastSecret {
    /// The commit that brought it; empty for what is in no commit, such as a tagged file.
    pub commit: String,
    /// The file, relative to the repository.
    pub path: String,
    /// The secret.
    pub secret: Secret,
}

/// Looks at every content that any branch, tag or other reference of the repository at `dir` can reach, each once.
///
/// A clone that lacks a part of its history is refused: what is not there cannot be told to be clean. Dropping the future ends git.
pub async fn history(dir: &Path, rules: &SecretRules) -> Result<History, SecretsError> {
    whole_history(dir).await?;
    let mut list = start(dir, &LIST, Stdio::null())?;
    let objects = list.stdout.take().and_then(|it| it.try_into().ok());
    let objects: Stdio = objects.ok_or_else(|| broken(dir, &LIST, "its output has no pipe"))?;
    let mut sizes = start(dir, &SIZES, objects)?;
    let mut contents = start(dir, &CONTENTS, Stdio::piped())?;
    let (Some(told), Some(ask), Some(answer)) =
        (sizes.stdout.take(), contents.stdin.take(), contents.stdout.take())
    else {
        return Err(broken(dir, &CONTENTS, "its streams have no pipe"));
    };
    let mut look = Look { dir, rules, history: History::default(), found: BTreeMap::new() };
    look.at_all(BufReader::new(told).lines(), ask, BufReader::new(answer)).await?;
    ended(dir, &LIST, list).await?;
    ended(dir, &SIZES, sizes).await?;
    ended(dir, &CONTENTS, contents).await?;
    look.finish().await
}

/// A file that git keeps.
struct Blob {
    id: String,
    path: String,
}

struct Look<'a> {
    dir: &'a Path,
    rules: &'a SecretRules,
    history: History,
    /// By path and fingerprint: where it was seen, the oldest last.
    found: BTreeMap<(String, String), (String, Secret)>,
}

impl Look<'_> {
    async fn at_all(
        &mut self,
        mut told: Lines<BufReader<ChildStdout>>,
        mut ask: ChildStdin,
        mut answer: BufReader<ChildStdout>,
    ) -> Result<(), SecretsError> {
        let mut bytes = Vec::new();
        loop {
            let blobs = self.next(&mut told).await?;
            if blobs.is_empty() {
                return Ok(());
            }
            let ids: String = blobs.iter().flat_map(|it| [it.id.as_str(), "\n"]).collect();
            let asked = ask.write_all(ids.as_bytes()).await;
            asked.map_err(|wrong| broken(self.dir, &CONTENTS, &wrong.to_string()))?;
            for blob in blobs {
                let read = content(&mut answer, &mut bytes).await;
                read.map_err(|what| broken(self.dir, &CONTENTS, &what))?;
                self.at(&blob, &bytes);
            }
        }
    }

    /// The next files to look at; none at the end.
    async fn next(
        &mut self,
        told: &mut Lines<BufReader<ChildStdout>>,
    ) -> Result<Vec<Blob>, SecretsError> {
        let mut blobs = Vec::new();
        while blobs.len() < AT_ONCE {
            let line = told.next_line().await;
            let line = line.map_err(|wrong| broken(self.dir, &SIZES, &wrong.to_string()))?;
            let Some(line) = line else { break };
            let mut parts = line.splitn(4, ' ');
            let [id, kind, size, path] = [(); 4].map(|()| parts.next().unwrap_or_default());
            if kind == "missing" {
                return Err(SecretsError::Shallow { dir: self.dir.to_owned() });
            }
            if kind != "blob" {
                continue;
            }
            if size.parse().is_ok_and(|size: usize| size <= self.rules.bound()) {
                blobs.push(Blob { id: id.to_owned(), path: path.to_owned() });
            } else {
                self.history.too_large += 1;
            }
        }
        Ok(blobs)
    }

    fn at(&mut self, blob: &Blob, bytes: &[u8]) {
        self.history.looked_at += 1;
        for secret in self.rules.scan(&blob.path, bytes) {
            // Newest first is git's order, so what stays is the oldest.
            let known = (blob.path.clone(), secret.fingerprint.clone());
            self.found.insert(known, (blob.id.clone(), secret));
        }
    }

    async fn finish(mut self) -> Result<History, SecretsError> {
        let mut commits: BTreeMap<String, String> =
            self.found.values().map(|(blob, _)| (blob.clone(), String::new())).collect();
        if !commits.is_empty() {
            name(self.dir, &mut commits).await?;
        }
        for ((path, _), (blob, secret)) in self.found {
            let commit = commits.get(&blob).cloned().unwrap_or_default();
            if !self.rules.allows_commit(&secret.rule, &commit) {
                self.history.secrets.push(PastSecret { commit, path, secret });
            }
        }
        Ok(self.history)
    }
}

/// Reads one answer of `git cat-file --batch`: a line that ends with the size, so many bytes, a newline.
async fn content(from: &mut BufReader<ChildStdout>, to: &mut Vec<u8>) -> Result<(), String> {
    let mut head = String::new();
    from.read_line(&mut head).await.map_err(|it| it.to_string())?;
    let size = head.trim_end().rsplit(' ').next().and_then(|it| it.parse().ok());
    let size: usize = size.ok_or_else(|| format!("it says `{}`", head.trim_end()))?;
    to.resize(size + 1, 0);
    from.read_exact(to).await.map_err(|it| it.to_string())?;
    to.pop();
    Ok(())
}

/// Finds for each file the oldest commit that brought it.
async fn name(dir: &Path, commits: &mut BTreeMap<String, String>) -> Result<(), SecretsError> {
    let mut log = start(dir, &COMMITS, Stdio::null())?;
    let out = log.stdout.take().ok_or_else(|| broken(dir, &COMMITS, "its output has no pipe"))?;
    let (mut lines, mut commit, mut line) = (BufReader::new(out), String::new(), Vec::new());
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line).await;
        if read.map_err(|wrong| broken(dir, &COMMITS, &wrong.to_string()))? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        if let Some(id) = text.strip_prefix("commit ") {
            id.trim_end().clone_into(&mut commit);
        } else if let Some(known) = text.split(' ').nth(3).and_then(|it| commits.get_mut(it)) {
            known.clone_from(&commit);
        }
    }
    ended(dir, &COMMITS, log).await
}
