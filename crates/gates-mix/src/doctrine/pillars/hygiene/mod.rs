//! HYGIENE: nothing lies about in the repository that does not belong there.

mod naming;
mod repository;
mod text;

use pipeline_core::Level;

use crate::doctrine::{Codebase, Found, Pillar, Role, Rule, Source};

const CONFLICT: Rule = Rule::blocking("HYGIENE/conflict", "finish the merge");
const SIZE: Rule =
    Rule::blocking("HYGIENE/size", "keep it outside of the repository, or in Git LFS");
const WHITESPACE: Rule = Rule::blocking(
    "HYGIENE/whitespace",
    "run `mix format`, or let the editor remove blanks at the ends of lines",
);
const STALE: Rule = Rule::blocking("HYGIENE/stale", "remove it: git remembers what was");
const ARTEFACT: Rule = Rule::blocking(
    "HYGIENE/artefact",
    "take it out with `git rm --cached`, and name it in .gitignore",
);
const GIT_STATE: Rule = Rule::blocking(
    "HYGIENE/git-state",
    "commit, stash or remove it: what is deployed has to be what is committed",
);
const BINARY: Rule = Rule::advisory(
    "HYGIENE/binary",
    "keep it below priv/static or assets, or outside of the repository",
);
const NAMING: Rule = Rule::advisory(
    "HYGIENE/naming",
    "name the file after the module, and the module after what it does",
);
const ORPHAN: Rule =
    Rule::advisory("HYGIENE/orphan", "move it to where the tested file is, or remove it");

/// The pillar HYGIENE. Only files that git keeps count.
#[derive(Clone, Copy, Debug)]
pub struct Hygiene {
    /// Larger files with text are told, in bytes.
    pub max_text: u64,
    /// Larger files with anything else are told, in bytes.
    pub max_other: u64,
}

impl Default for Hygiene {
    fn default() -> Self {
        Self { max_text: 1 << 20, max_other: 5 << 20 }
    }
}

impl Pillar for Hygiene {
    fn code(&self) -> &'static str {
        "HYGIENE"
    }

    fn name(&self) -> &'static str {
        "Repository Hygiene"
    }

    fn level(&self) -> Level {
        Level::Blocking
    }

    fn rules(&self) -> Vec<Rule> {
        vec![CONFLICT, SIZE, WHITESPACE, STALE, ARTEFACT, GIT_STATE, BINARY, NAMING, ORPHAN]
    }

    fn file(&self, source: &Source, codebase: &Codebase, found: &mut Found) {
        if !codebase.files.get(source.path).is_some_and(|it| it.tracked) {
            return;
        }
        text::conflicts(source, found);
        text::blanks(source, codebase, found);
        repository::size(self, source, codebase, found);
        repository::binary(source, found);
        repository::stale(source, found);
        if source.role == Role::Lib {
            naming::look(source, found);
        }
    }

    fn project(&self, codebase: &Codebase, found: &mut Found) {
        repository::artefacts(codebase, found);
        repository::state(codebase, found);
        naming::orphans(codebase, found);
    }
}

/// Files that stand for those of others.
fn is_fixture(path: &str) -> bool {
    path.split('/').any(|it| matches!(it, "fixtures" | "fixture"))
}
