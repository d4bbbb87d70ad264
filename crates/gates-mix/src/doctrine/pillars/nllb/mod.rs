//! NLLB: links within the project lead somewhere.

mod target;

use std::collections::{BTreeMap, BTreeSet};

use pipeline_core::Level;

use super::page::{Link, Page};
use crate::doctrine::{Codebase, Found, Pillar, Role, Rule, Source};
use target::Target;

const INTERNAL: Rule = Rule::advisory("NLLB/internal", "correct the path, or take the link out");
const ANCHOR: Rule =
    Rule::advisory("NLLB/anchor", "name a heading that is there, in small letters and with dashes");

/// The pillar NLLB. Links to other places are not followed: that would need the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nllb;

impl Pillar for Nllb {
    fn code(&self) -> &'static str {
        "NLLB"
    }

    fn name(&self) -> &'static str {
        "No Link Left Behind"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn rules(&self) -> Vec<Rule> {
        vec![INTERNAL, ANCHOR]
    }

    fn file(&self, source: &Source, codebase: &Codebase, found: &mut Found) {
        let is_kept = || codebase.files.get(source.path).is_some_and(|it| it.tracked);
        if source.role != Role::Markdown || is_fixture(source.path) || !is_kept() {
            return;
        }
        let page = Page::of(source.text);
        let mut anchors = Anchors { codebase, known: BTreeMap::new() };
        for link in &page.links {
            let Some(target) = Target::of(&link.to, source.path) else { continue };
            if !target.path.is_empty() && !target.is_there(codebase) {
                let message = format!("there is no `{}`", target.path);
                found.span(&INTERNAL, narrow(link, source), message);
                continue;
            }
            let there = if target.path.is_empty() || target.path == source.path {
                Some(&page.anchors)
            } else {
                anchors.of(&target.path)
            };
            let (Some(anchor), Some(there)) = (&target.anchor, there) else { continue };
            let of = if target.path.is_empty() { source.path } else { &target.path };
            if !has_anchor(there, anchor, of) {
                let place = if target.path.is_empty() { "this page" } else { &target.path };
                let message = format!("{place} has no heading or anchor `#{anchor}`");
                found.span(&ANCHOR, narrow(link, source), message);
            }
        }
    }
}

/// Does the page have it? `#top` is of every page, and `readme` is GitHub's own.
fn has_anchor(there: &BTreeSet<String>, anchor: &str, page: &str) -> bool {
    let anchor = anchor.to_lowercase();
    let is_given = matches!(anchor.as_str(), "" | "top" | "readme" | "readme-ov-file");
    is_given
        || there.contains(anchor.strip_prefix("user-content-").unwrap_or(&anchor))
        || is_of_exdoc(page) && there.iter().any(|it| words(it).eq(words(&anchor)))
}

/// Pages that are read as `ExDoc` shows them: there a dash stands for any run of other characters.
fn is_of_exdoc(path: &str) -> bool {
    path.split('/').any(|it| matches!(it, "guides" | "pages" | "extras"))
}

fn words(anchor: &str) -> impl Iterator<Item = char> {
    anchor.chars().filter(|it| it.is_alphanumeric())
}

/// Files that stand for those of others.
fn is_fixture(path: &str) -> bool {
    path.split('/').any(|it| matches!(it, "fixtures" | "fixture"))
}

/// Where it says where it leads to, within the link.
fn narrow(link: &Link, source: &Source) -> std::ops::Range<usize> {
    let text = source.text.get(link.span.clone()).unwrap_or_default();
    match text.rfind(link.to.as_str()) {
        Some(at) => link.span.start + at..link.span.start + at + link.to.len(),
        None => link.span.clone(),
    }
}

/// The anchors of other pages.
struct Anchors<'a> {
    codebase: &'a Codebase,
    known: BTreeMap<String, Option<BTreeSet<String>>>,
}

impl Anchors<'_> {
    /// `None` for what is no page.
    fn of(&mut self, path: &str) -> Option<&BTreeSet<String>> {
        if !self.known.contains_key(path) {
            let is_page = path.rsplit_once('.').is_some_and(|it| it.1 == "md");
            let text = is_page.then(|| std::fs::read_to_string(self.codebase.dir.join(path)).ok());
            let anchors = text.flatten().map(|it| Page::of(&it).anchors);
            self.known.insert(path.to_owned(), anchors);
        }
        self.known.get(path).and_then(Option::as_ref)
    }
}
