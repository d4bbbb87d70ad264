//! Links within the repository lead to files and headings that are there.

use std::collections::BTreeMap;

use crate::markdown::{Page, pages};
use crate::root;

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let by_path: BTreeMap<&str, &Page> = pages.iter().map(|it| (it.path.as_str(), it)).collect();
    let mut broken = Vec::new();
    for page in &pages {
        for link in &page.links {
            if let Some(why) = trouble(page, &link.to, &by_path) {
                broken.push(format!("{}: {}: {why}", link.place, link.to));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    assert!(pages.iter().map(|it| it.links.len()).sum::<usize>() > 50, "the pages were found");
}

#[test]
fn every_chapter_is_in_the_table_of_contents_and_the_other_way_round() {
    let pages = pages();
    let guide = |it: &&Page| it.path.starts_with("docs/guide/") && !it.path.ends_with("SUMMARY.md");
    let chapters: Vec<&str> = pages.iter().filter(guide).map(|it| it.path.as_str()).collect();
    let summary = pages.iter().find(|it| it.path == "docs/guide/SUMMARY.md").expect("a summary");
    let mut listed: Vec<String> =
        summary.links.iter().map(|it| beside(&summary.path, &it.to)).collect();
    listed.sort();
    assert_eq!(listed, chapters);
}

/// Why a link leads nowhere.
fn trouble(page: &Page, to: &str, pages: &BTreeMap<&str, &Page>) -> Option<&'static str> {
    if to.contains("://") || to.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = to.split_once('#').map_or((to, None), |(path, it)| (path, Some(it)));
    let path = if path.is_empty() { page.path.clone() } else { beside(&page.path, path) };
    if !pages.contains_key(path.as_str()) && !root().join(&path).exists() {
        return Some("there is no such file");
    }
    let there = |it: &&str| {
        pages.get(path.as_str()).is_some_and(|page| page.anchors.iter().any(|a| a == it))
    };
    anchor.filter(|it| !there(it)).map(|_| "there is no such heading")
}

/// A path as it is meant in this file.
fn beside(file: &str, path: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[test]
fn a_broken_link_is_found() {
    let page = crate::markdown::parse(
        "docs/a.md",
        "# One\n\n[x](b.md) [y](#two) [z](#one) [r](../README.md)",
    );
    let pages = BTreeMap::from([("docs/a.md", &page)]);
    let found: Vec<_> = page.links.iter().map(|it| trouble(&page, &it.to, &pages)).collect();
    assert_eq!(
        found,
        [Some("there is no such file"), Some("there is no such heading"), None, None]
    );
}
