//! KNOW: what is new is explained in the glossary.

use std::collections::BTreeSet;

use elixir_syntax::{Code, Tree};
use pipeline_core::Level;

use super::page::Page;
use crate::doctrine::{Change, Codebase, Found, Outline, Pillar, Role, Rule};

const NEW_MODULE: Rule = Rule::advisory(
    "KNOW/new-module",
    "explain it in the glossary, or the context that it belongs to",
);

/// The pillar KNOW.
#[derive(Clone, Debug)]
pub struct Know {
    /// The folder with one page for each term.
    pub folder: String,
    /// The page with all terms: its headings, bold words and first cells of tables count.
    pub page: String,
}

impl Default for Know {
    fn default() -> Self {
        Self { folder: "docs/glossary".to_owned(), page: "GLOSSARY.md".to_owned() }
    }
}

impl Pillar for Know {
    fn code(&self) -> &'static str {
        "KNOW"
    }

    fn name(&self) -> &'static str {
        "Knowledge Coverage"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn rules(&self) -> Vec<Rule> {
        vec![NEW_MODULE]
    }

    fn not_applicable(&self, codebase: &Codebase) -> Option<String> {
        if self.pages(codebase).next().is_none() && !codebase.has(&self.page) {
            return Some(format!(
                "there is no glossary: neither {} nor {}/*.md",
                self.page, self.folder
            ));
        }
        let asked = codebase.partial;
        (!asked)
            .then(|| "nobody asked for changes, so nobody knows which modules are new".to_owned())
    }

    fn project(&self, codebase: &Codebase, found: &mut Found) {
        let is_added = |it: &&Outline| {
            let entry = codebase.files.get(&it.path);
            entry.is_some_and(|it| it.change == Some(Change::Added) && it.role == Role::Lib)
        };
        let mut terms = None;
        for outline in codebase.outlines.iter().filter(is_added) {
            let Some(module) = outline.modules.first() else { continue };
            let terms = terms.get_or_insert_with(|| self.terms(codebase));
            if !is_explained(module, terms) {
                let term = module.rsplit('.').next().unwrap_or(module);
                let message =
                    format!("`{module}` is new, and the glossary explains no {}", words(term));
                found.path(
                    &NEW_MODULE,
                    &outline.path,
                    line_of(module, &outline.path, codebase),
                    message,
                );
            }
        }
    }
}

impl Know {
    fn pages<'a>(&'a self, codebase: &'a Codebase) -> impl Iterator<Item = &'a str> {
        let name = |path: &'a String| {
            path.strip_prefix(self.folder.as_str())?.strip_prefix('/')?.strip_suffix(".md")
        };
        codebase.files.keys().filter_map(name)
    }

    /// What is explained, without blanks and in small letters.
    fn terms(&self, codebase: &Codebase) -> BTreeSet<String> {
        let of_folder = self.pages(codebase).map(|it| it.rsplit('/').next().unwrap_or(it));
        let text = std::fs::read_to_string(codebase.dir.join(&self.page)).unwrap_or_default();
        let page = Page::of(&text);
        let of_page = page.headings.iter().chain(&page.terms).map(String::as_str);
        // `Risk scorer (RS):` explains a risk scorer.
        let head = |it: &str| squeezed(it.split(['(', ':', '—']).next().unwrap_or(it));
        of_folder.chain(of_page).map(head).collect()
    }
}

/// Is the last part of its name explained, or the context that it belongs to?
fn is_explained(module: &str, terms: &BTreeSet<String>) -> bool {
    let parts: Vec<_> = module.split('.').collect();
    let mut telling = parts.last().into_iter().chain(parts.get(1));
    telling.any(|it| terms.contains(&squeezed(it)))
}

/// `Risk-Scorer`, `risk_scorer` and `RiskScorer` are one.
fn squeezed(term: &str) -> String {
    term.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `RiskScorer` as `risk-scorer`.
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(letter) = rest.next() {
        let next_is_small = rest.peek().is_some_and(|it| it.is_lowercase());
        let begins = letter.is_uppercase() && (!before.is_uppercase() || next_is_small);
        if begins && !words.is_empty() {
            words.push('-');
        }
        words.extend(letter.to_lowercase());
        before = letter;
    }
    words
}

fn line_of(module: &str, path: &str, codebase: &Codebase) -> Option<u32> {
    let tree = Tree::parse(std::fs::read_to_string(codebase.dir.join(path)).ok()?);
    let code = Code::of(&tree);
    code.modules().iter().find(|it| it.name == module).map(|it| it.node.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_terms() {
        for (name, expected) in [
            ("RiskScorer", "risk-scorer"),
            ("HTTPClient", "http-client"),
            ("UserHTML", "user-html"),
            ("A", "a"),
        ] {
            assert_eq!(words(name), expected);
        }
        let terms = BTreeSet::from(["riskscorer".to_owned(), "billing".to_owned()]);
        assert!(is_explained("Shop.Any.RiskScorer", &terms));
        assert!(is_explained("Shop.Billing.Invoice", &terms));
        assert!(!is_explained("Billing.Shop.Invoice", &terms));
    }
}
