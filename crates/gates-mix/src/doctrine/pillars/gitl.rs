//! GITL: commits that say what they are.

use pipeline_core::Level;

use crate::doctrine::{Codebase, Commit, Found, Pillar, Rule};

const FORMAT: Rule = Rule::advisory(
    "GITL/format",
    "begin it with what it is: `fix(cart): …`, as https://www.conventionalcommits.org says",
);
const LENGTH: Rule =
    Rule::advisory("GITL/length", "say it shorter, and the rest after an empty line");
const ISSUE: Rule = Rule::advisory("GITL/issue", "name the issue it belongs to: `#123`");

/// The pillar GITL.
#[derive(Clone, Debug)]
pub struct Gitl {
    /// What a commit may be.
    pub types: Vec<String>,
    /// Longer first lines are told, in characters.
    pub max_subject: usize,
    /// Does every commit have to name an issue?
    pub require_issue: bool,
}

impl Default for Gitl {
    fn default() -> Self {
        let types = [
            "feat", "fix", "docs", "style", "refactor", "perf", "test", "chore", "ci", "build",
            "revert",
        ];
        Self { types: types.map(ToOwned::to_owned).to_vec(), max_subject: 72, require_issue: false }
    }
}

impl Pillar for Gitl {
    fn code(&self) -> &'static str {
        "GITL"
    }

    fn name(&self) -> &'static str {
        "Traceability Linkage"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn rules(&self) -> Vec<Rule> {
        vec![FORMAT, LENGTH, ISSUE]
    }

    fn not_applicable(&self, codebase: &Codebase) -> Option<String> {
        no_commits(codebase)
    }

    fn project(&self, codebase: &Codebase, found: &mut Found) {
        let commits = codebase.git.iter().flat_map(|it| &it.commits);
        for commit in commits.filter(|it| !is_exempt(it)) {
            self.commit(commit, found);
        }
    }
}

/// Why there are no commits that could be looked at.
pub(super) fn no_commits(codebase: &Codebase) -> Option<String> {
    match &codebase.git {
        None => Some("there is no git repository".to_owned()),
        Some(git) if git.base.is_none() => Some(
            "there is no main branch to compare with, so nobody knows which commits are new"
                .to_owned(),
        ),
        Some(_) => None,
    }
}

/// A commit in a few words.
pub(super) fn named(commit: &Commit) -> String {
    let id = commit.id.get(..8).unwrap_or(&commit.id);
    format!("commit {id} `{}`", commit.subject)
}

/// Commits that no person worded.
fn is_exempt(commit: &Commit) -> bool {
    let author = commit.author.to_lowercase();
    let is_bot = author.contains("[bot]")
        || ["dependabot", "renovate", "github-actions"].iter().any(|it| author == *it);
    commit.is_merge || is_bot || commit.subject.starts_with("Revert \"")
}

impl Gitl {
    fn commit(&self, commit: &Commit, found: &mut Found) {
        if !self.is_conventional(&commit.subject) {
            let message = format!("{} does not say what kind of change it is", named(commit));
            found.path(&FORMAT, "", None, message);
        }
        let length = commit.subject.chars().count();
        if length > self.max_subject {
            let message = format!(
                "{}: its first line has {length} characters, more than {}",
                named(commit),
                self.max_subject
            );
            found.path(&LENGTH, "", None, message);
        }
        if self.require_issue && !names_issue(&commit.message) {
            found.path(&ISSUE, "", None, format!("{} names no issue", named(commit)));
        }
    }

    /// `type(scope)!: subject`, where scope and `!` may be left out.
    fn is_conventional(&self, subject: &str) -> bool {
        let Some((head, said)) = subject.split_once(": ") else { return false };
        let head = head.strip_suffix('!').unwrap_or(head);
        let kind = match head.split_once('(') {
            Some((kind, scope)) => {
                let scope = scope.strip_suffix(')').filter(|it| !it.trim().is_empty());
                scope.filter(|it| !it.contains(['(', ')'])).map(|_| kind)
            }
            None => Some(head),
        };
        !said.trim().is_empty() && kind.is_some_and(|kind| self.types.iter().any(|it| it == kind))
    }
}

fn names_issue(message: &str) -> bool {
    message
        .match_indices('#')
        .any(|(at, _)| message[at + 1..].starts_with(|it: char| it.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_conventional_or_not() {
        let gitl = Gitl::default();
        for subject in
            ["fix: a", "feat(cart)!: b", "chore(deps-dev): c", "docs!: d: e", "revert: \"x\""]
        {
            assert!(gitl.is_conventional(subject), "{subject}");
        }
        for subject in [
            "Fix: a",
            "fix:a",
            "fix a",
            "fixes: a",
            "fix(): a",
            "fix(a: b",
            "fix : a",
            "wip",
            "",
            "fix: ",
            "fix!!: a",
            "feat(a)(b): c",
            "(cart): a",
            "feat(cart) : b",
        ] {
            assert!(!gitl.is_conventional(subject), "{subject}");
        }
        assert!(names_issue("fix: a\n\nCloses #12"));
        assert!(!names_issue("fix: #a, colour #, C#"));
    }
}
