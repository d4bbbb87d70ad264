//! What git knows of the checked-out commit. Asks, and changes nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use pipeline_core::{Context, Fault};
use pipeline_process::{Command, Exit, Output, Redactor, Streams};
use thiserror::Error;

use super::{Commit, Pushed, TreeRules};

/// So much of an answer is read, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// Why git told nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GitError {
    /// It could not be run.
    #[error("git could not be asked: {0}")]
    Run(#[from] pipeline_process::Error),
    /// It refused.
    #[error("git {what}: {said}")]
    Refused {
        /// What it was asked.
        what: String,
        /// Its first words.
        said: String,
    },
    /// The run was asked to stop.
    #[error("git {what} was stopped")]
    Stopped {
        /// What it was asked.
        what: String,
    },
}

impl From<GitError> for Fault {
    fn from(error: GitError) -> Self {
        match &error {
            GitError::Run(source) => {
                let next = source.next_step();
                Self::permanent(error).hint(next)
            }
            GitError::Refused { .. } => {
                Self::permanent(error).hint("run it in a git repository with at least one commit")
            }
            GitError::Stopped { .. } => Self::cancelled(),
        }
    }
}

/// Asks git in the project's folder.
#[derive(Debug)]
pub(super) struct Git<'a> {
    cx: &'a Context,
    program: PathBuf,
    redactor: &'a Redactor,
}

impl<'a> Git<'a> {
    pub(super) fn new(cx: &'a Context, redactor: &'a Redactor) -> Self {
        Self { cx, program: "git".into(), redactor }
    }

    /// As much as the rules are about.
    pub(super) async fn commit(&self, rules: &TreeRules) -> Result<Commit, GitError> {
        let head = self.line(&["rev-parse", "HEAD"]).await?;
        let mut commit = Commit { head, ..Commit::default() };
        if rules.clean {
            commit.dirty = self.dirty().await?;
        }
        if rules.tagged.is_some() {
            commit.tags = self.lines(&["tag", "--points-at", "HEAD"]).await?;
        }
        if !rules.branches.is_empty() {
            commit.branches = self.branches().await?;
        }
        if rules.tagged.is_some() || !rules.branches.is_empty() {
            commit.shallow = self.line(&["rev-parse", "--is-shallow-repository"]).await? == "true";
        }
        if let Some(remote) = &rules.pushed {
            commit.pushed = self.pushed(remote, &commit.head).await?;
        }
        Ok(commit)
    }

    async fn dirty(&self) -> Result<Vec<String>, GitError> {
        // Whatever this user has set otherwise.
        let all = ["--untracked-files=normal", "--ignore-submodules=none"];
        let said = self.ask(&[&["status", "--porcelain", "-z"][..], &all].concat()).await?;
        // After a file that was renamed, its old name stands by itself, without a state in front.
        let entries = said.split('\0').filter(|it| it.get(2..3) == Some(" "));
        Ok(entries.map(ToOwned::to_owned).collect())
    }

    /// The branches that the commit is on, here and at remotes.
    async fn branches(&self) -> Result<Vec<String>, GitError> {
        let refs = ["for-each-ref", "--contains", "HEAD", "--format=%(refname)"];
        let refs = self.lines(&[&refs[..], &["refs/heads", "refs/remotes"]].concat()).await?;
        let remotes = self.lines(&["remote"]).await?;
        let name = |full: &String| {
            let remote = full.strip_prefix("refs/remotes/").map(|it| without_remote(it, &remotes));
            remote.or_else(|| full.strip_prefix("refs/heads/")).map(ToOwned::to_owned)
        };
        let names: BTreeSet<_> = refs.iter().filter_map(name).filter(|it| it != "HEAD").collect();
        Ok(names.into_iter().collect())
    }

    /// Does the remote have the commit now? It is asked for its branches; what they contain is told by what is here.
    async fn pushed(&self, remote: &str, head: &str) -> Result<Pushed, GitError> {
        let asked = self.ask(&["ls-remote", "--heads", "--", remote]).await;
        let said = match asked {
            Ok(said) => said,
            Err(GitError::Refused { said, .. }) => {
                let remedy =
                    format!("`git ls-remote {remote}` says more; try again once it answers");
                return Ok(Pushed::Unknown { why: said, remedy });
            }
            Err(other) => return Err(other),
        };
        let tips: Vec<_> = said.lines().filter_map(|it| it.split_once("\trefs/heads/")).collect();
        if let Some((_, branch)) = tips.iter().find(|(tip, _)| *tip == head) {
            return Ok(Pushed::On((*branch).to_owned()));
        }
        let mut unknown = None;
        for (tip, branch) in tips {
            match self.ask(&["merge-base", "--is-ancestor", head, tip]).await {
                Ok(_) => return Ok(Pushed::On(branch.to_owned())),
                Err(GitError::Refused { said, .. }) if said.is_empty() => {}
                // Somebody has pushed since this repository last fetched.
                Err(GitError::Refused { .. }) => unknown = Some(branch.to_owned()),
                Err(other) => return Err(other),
            }
        }
        Ok(unknown.map_or(Pushed::Nowhere, |branch| Pushed::Unknown {
            why: format!("its branch {branch} has commits that are not here"),
            remedy: format!("`git fetch {remote}`"),
        }))
    }

    async fn line(&self, args: &[&str]) -> Result<String, GitError> {
        Ok(self.ask(args).await?.trim().to_owned())
    }

    async fn lines(&self, args: &[&str]) -> Result<Vec<String>, GitError> {
        Ok(self.ask(args).await?.lines().map(ToOwned::to_owned).collect())
    }

    async fn ask(&self, args: &[&str]) -> Result<String, GitError> {
        let mut command = Command::new(&self.program, self.cx.workdir());
        command.args = args.iter().map(Into::into).collect();
        command.streams = Streams::Apart;
        // A question for a password would never be answered.
        let quiet = [("GIT_TERMINAL_PROMPT", "0"), ("GIT_OPTIONAL_LOCKS", "0"), ("LC_ALL", "C")];
        command.env =
            quiet.map(|(name, value)| (name.to_owned(), Some(value.into()))).into_iter().collect();
        let output = Output::new(self.redactor, None, self.cx)?.whole(LONGEST).quiet();
        let ended = pipeline_process::run(&command, output, self.cx).await?;
        let what = args.first().copied().unwrap_or_default().to_owned();
        match ended.exit {
            Exit::Code(0) => Ok(String::from_utf8_lossy(&ended.whole).into_owned()),
            Exit::Stopped => Err(GitError::Stopped { what }),
            Exit::Code(_) | Exit::Signal(_) => {
                let said = ended.stderr.lines().next().unwrap_or_default().to_owned();
                Err(GitError::Refused { what, said })
            }
        }
    }
}

/// `origin/fix/cart` without the name of its remote, which may have a slash itself.
fn without_remote<'n>(name: &'n str, remotes: &[String]) -> &'n str {
    let known = remotes.iter().filter_map(|it| name.strip_prefix(it.as_str())?.strip_prefix('/'));
    let shortest = known.min_by_key(|it| it.len());
    shortest.or_else(|| Some(name.split_once('/')?.1)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_known_without_its_remote() {
        let remotes = ["origin".to_owned(), "team/fork".to_owned()];
        assert_eq!(without_remote("origin/fix/cart", &remotes), "fix/cart");
        assert_eq!(without_remote("team/fork/main", &remotes), "main");
        assert_eq!(without_remote("gone/main", &remotes), "main");
    }
}
