//! M5M: work in small steps. Of a working style only the size of commits can be seen.

use pipeline_core::Level;

use super::gitl::{named, no_commits};
use crate::doctrine::{Codebase, Found, Pillar, Rule};

const COMMIT: Rule = Rule::advisory("M5M/commit", "commit smaller steps, each complete in itself");

/// The pillar M5M.
#[derive(Clone, Copy, Debug)]
pub struct M5m {
    /// Are commits looked at? Their size says little of the time that they took, so it is off.
    pub commits: bool,
    /// Commits of more files are told.
    pub max_files: usize,
    /// Commits of more lines, added and removed, are told.
    pub max_lines: usize,
}

impl Default for M5m {
    fn default() -> Self {
        Self { commits: false, max_files: 8, max_lines: 400 }
    }
}

impl Pillar for M5m {
    fn code(&self) -> &'static str {
        "M5M"
    }

    fn name(&self) -> &'static str {
        "Max 5 Minutes"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn rules(&self) -> Vec<Rule> {
        vec![COMMIT]
    }

    fn not_applicable(&self, codebase: &Codebase) -> Option<String> {
        if self.commits {
            no_commits(codebase)
        } else {
            Some(
                "code does not show how long a step took; the size of commits is not asked for"
                    .to_owned(),
            )
        }
    }

    fn project(&self, codebase: &Codebase, found: &mut Found) {
        let commits = codebase.git.iter().flat_map(|it| &it.commits);
        for commit in commits.filter(|it| !it.is_merge) {
            let (files, lines) = (commit.files.len(), commit.lines);
            if files > self.max_files || lines > self.max_lines {
                let message = format!(
                    "{} changes {files} files and {lines} lines; {} and {} are the most",
                    named(commit),
                    self.max_files,
                    self.max_lines
                );
                found.path(&COMMIT, "", None, message);
            }
        }
    }
}
