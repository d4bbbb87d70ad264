//! RDME: every application says what it is.

use pipeline_core::Level;

use super::page::Page;
use crate::doctrine::{Codebase, Found, Pillar, Rule};

const APP: Rule =
    Rule::blocking("RDME/app", "write a README.md: what it is for, and how to begin with it");
const EMPTY: Rule = Rule::advisory(
    "RDME/empty",
    "give it a heading, and say what this is and how to begin with it",
);

/// A shorter README says nothing.
const FEWEST_LINES: usize = 3;

/// The pillar RDME. It always looks at all applications.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rdme;

impl Pillar for Rdme {
    fn code(&self) -> &'static str {
        "RDME"
    }

    fn name(&self) -> &'static str {
        "README Enforcement"
    }

    fn level(&self) -> Level {
        Level::Blocking
    }

    fn rules(&self) -> Vec<Rule> {
        vec![APP, EMPTY]
    }

    fn project(&self, codebase: &Codebase, found: &mut Found) {
        if codebase.umbrella {
            for folder in codebase.apps.values() {
                folder_of_app(&format!("{folder}/"), codebase, found);
            }
        } else {
            folder_of_app("", codebase, found);
        }
    }
}

/// `folder` ends in a slash, or is the project's own.
fn folder_of_app(folder: &str, codebase: &Codebase, found: &mut Found) {
    let readme = format!("{folder}README.md");
    if codebase.has(&readme) {
        return empty(&readme, codebase, found);
    }
    let mix_exs = format!("{folder}mix.exs");
    let other = codebase
        .files
        .range(folder.to_owned()..)
        .map_while(|(path, _)| path.strip_prefix(folder))
        .find(|it| it.to_ascii_lowercase().starts_with("readme"));
    let place = if folder.is_empty() { "the project" } else { folder.trim_end_matches('/') };
    let message = match other {
        Some(other) => format!("{place} has {other}, but no README.md"),
        None => format!("{place} has no README.md"),
    };
    if codebase.has(&mix_exs) {
        found.path(&APP, mix_exs, Some(1), message);
    } else {
        found.path(&APP, "", None, message);
    }
}

fn empty(readme: &str, codebase: &Codebase, found: &mut Found) {
    // What cannot be read as text is no README.
    let text = std::fs::read_to_string(codebase.dir.join(readme)).unwrap_or_default();
    let lines = text.lines().filter(|it| !it.trim().is_empty()).count();
    if lines < FEWEST_LINES {
        found.path(&EMPTY, readme, None, format!("this README has {lines} lines with text"));
    } else if Page::of(&text).headings.is_empty() {
        found.path(&EMPTY, readme, None, "this README has no heading");
    }
}
