//! The checked-out commit: what must be true of it, and what is. Pure.

mod gate;
mod git;

pub use gate::TreeGate;
pub use git::GitError;

use globset::{GlobBuilder, GlobMatcher};
use pipeline_core::Report;
use thiserror::Error;

use crate::found::Found;

/// So many names are told.
const MOST_NAMED: usize = 5;

/// What must be true of the checked-out commit.
#[derive(Clone, Debug, Default)]
pub struct TreeRules {
    /// Is everything committed?
    pub clean: bool,
    /// Does this remote have it?
    pub pushed: Option<String>,
    /// Does it carry such a tag?
    pub tagged: Option<Pattern>,
    /// Is it on one of these branches? Any will do where none is named.
    pub branches: Vec<Pattern>,
}

/// A name with `*`.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    glob: GlobMatcher,
}

/// A pattern that is none.
#[derive(Debug, Error)]
#[error("`{text}` is no pattern: {source}")]
pub struct PatternError {
    text: String,
    source: globset::Error,
}

/// What is true of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Its hash.
    pub head: String,
    /// What is not committed, as `git status` tells it.
    pub dirty: Vec<String>,
    /// The branches it is on, here and at remotes, without their remote's name.
    pub branches: Vec<String>,
    /// The tags it carries.
    pub tags: Vec<String>,
    /// Does the remote have it?
    pub pushed: Pushed,
    /// Was only a part of the history fetched? Then what is not here may be there.
    pub shallow: bool,
}

/// Does a remote have the commit?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Pushed {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// On this branch.
    On(String),
    /// On none of its branches.
    Nowhere,
    /// Nobody can tell, and why.
    Unknown {
        /// Why.
        why: String,
        /// What helps.
        remedy: String,
    },
}

impl TreeRules {
    /// Do they want nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.clean && self.pushed.is_none() && self.tagged.is_none() && self.branches.is_empty()
    }
}

impl Pattern {
    /// `v*`, `release/*`: `*` is anything, `/` included.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let wrong = |source| PatternError { text: text.into(), source };
        let glob = GlobBuilder::new(text).literal_separator(false).build().map_err(wrong)?;
        Ok(Self { text: text.into(), glob: glob.compile_matcher() })
    }

    /// Is it such a name?
    #[must_use]
    pub fn is_match(&self, name: &str) -> bool {
        self.glob.is_match(name)
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Is the commit as the rules want it?
#[must_use]
pub fn judge_tree(rules: &TreeRules, commit: &Commit) -> Report {
    let mut found = Found::default();
    if rules.clean {
        clean(commit, &mut found);
    }
    if !rules.branches.is_empty() {
        on_branch(&rules.branches, commit, &mut found);
    }
    if let Some(wanted) = &rules.tagged {
        tagged(wanted, commit, &mut found);
    }
    if let Some(remote) = &rules.pushed {
        pushed(remote, commit, &mut found);
    }
    found.report()
}

fn clean(commit: &Commit, found: &mut Found) {
    // What this program itself keeps is none of the project.
    let own = |it: &&String| {
        let path = it.strip_prefix("?? ");
        path.is_some_and(|path| path.split('/').any(|part| part == ".pipeline"))
    };
    let dirty: Vec<_> = commit.dirty.iter().filter(|it| !own(it)).collect();
    if dirty.is_empty() {
        return;
    }
    let mut named: Vec<_> = dirty.iter().take(MOST_NAMED).map(|it| it.trim()).collect();
    if dirty.len() > MOST_NAMED {
        named.push("…");
    }
    let files = if dirty.len() == 1 { "1 file is" } else { &format!("{} files are", dirty.len()) };
    let message = format!("{files} not as committed: {}", named.join(", "));
    found.no("tree/clean", message, "commit them, or add them to .gitignore");
}

fn on_branch(wanted: &[Pattern], commit: &Commit, found: &mut Found) {
    if commit.branches.iter().any(|it| wanted.iter().any(|pattern| pattern.is_match(it))) {
        return;
    }
    let names = wanted.iter().map(Pattern::as_str).collect::<Vec<_>>().join(" or ");
    let is = match commit.branches.as_slice() {
        [] => "it is on none".to_owned(),
        branches => format!("it is on {}", few(branches)),
    };
    let message = format!("{} is not on {names}: {is}", short(&commit.head));
    if commit.shallow {
        return found.unknown(
            "tree/branch",
            format!("{message} as far as it was fetched"),
            UNSHALLOW,
        );
    }
    let first = wanted[0].as_str();
    let remedy =
        format!("merge it, then `git checkout {first}`; or `git fetch`, if it is there by now");
    found.no("tree/branch", message, remedy);
}

/// What helps where only a part of the history is here.
const UNSHALLOW: &str = "fetch all of it: `git fetch --unshallow --tags`; in GitHub Actions, `fetch-depth: 0` of actions/checkout";

fn tagged(wanted: &Pattern, commit: &Commit, found: &mut Found) {
    if commit.tags.iter().any(|it| wanted.is_match(it)) {
        return;
    }
    let has = match commit.tags.as_slice() {
        [] => "it has none".to_owned(),
        tags => format!("it has {}", few(tags)),
    };
    let message = format!("{} has no tag {}: {has}", short(&commit.head), wanted.as_str());
    if commit.shallow && commit.tags.is_empty() {
        return found.unknown(
            "tree/tag",
            format!("{message} as far as they were fetched"),
            UNSHALLOW,
        );
    }
    let example = wanted.as_str().replace('*', "1.2.3");
    let remedy = format!("`git tag -a {example}`, then `git push origin {example}`");
    found.no("tree/tag", message, remedy);
}

fn pushed(remote: &str, commit: &Commit, found: &mut Found) {
    let head = short(&commit.head);
    match &commit.pushed {
        Pushed::On(_) => {}
        Pushed::Nowhere => {
            let message = format!("{head} is on no branch of {remote}: nobody else has it");
            found.no("tree/pushed", message, format!("`git push {remote} HEAD`"));
        }
        Pushed::Unknown { why, remedy } => {
            let message = format!("nobody can tell whether {remote} has {head}: {why}");
            found.unknown("tree/pushed", message, remedy);
        }
        Pushed::NotAsked => {
            let message = format!("nobody asked whether {remote} has {head}");
            found.unknown("tree/pushed", message, "report this: it is a bug");
        }
    }
}

/// The first few names.
fn few(names: &[String]) -> String {
    let mut few: Vec<_> = names.iter().take(MOST_NAMED).map(String::as_str).collect();
    if names.len() > MOST_NAMED {
        few.push("…");
    }
    few.join(", ")
}

/// A hash as people write it.
pub(crate) fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

#[cfg(test)]
mod tests;
