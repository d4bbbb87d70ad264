//! The Markdown files of the repository, and what stands in them.

use std::fs;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::root;

/// Folders that have no documentation of ours.
const LEFT_OUT: [&str; 7] =
    ["target", "node_modules", "fixtures", "deps", "_build", ".git", "tests"];

/// A Markdown file.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its path within the repository, with `/` between folders.
    pub(crate) path: String,
    pub(crate) blocks: Vec<Block>,
    pub(crate) links: Vec<Link>,
    /// What can follow `#`.
    pub(crate) anchors: Vec<String>,
}

/// A block of code.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// `path:line` of its first line.
    pub(crate) place: String,
    /// The words after the fence; none for indented blocks.
    pub(crate) info: Vec<String>,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) place: String,
    pub(crate) to: String,
}

impl Block {
    pub(crate) fn language(&self) -> &str {
        self.info.first().map_or("", String::as_str)
    }

    pub(crate) fn says(&self, word: &str) -> bool {
        self.info.iter().skip(1).any(|it| it == word)
    }
}

/// All pages, in the order of their paths.
pub(crate) fn pages() -> Vec<Page> {
    let mut paths = Vec::new();
    collect(&root(), "", &mut paths);
    paths.sort();
    paths.into_iter().map(|path| read(&path)).collect()
}

fn collect(folder: &Path, prefix: &str, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (path, file) = (format!("{prefix}{name}"), entry.file_type());
        let file = file.expect("an entry has a type");
        if file.is_dir() && !LEFT_OUT.contains(&name.as_str()) {
            collect(&entry.path(), &format!("{path}/"), paths);
        } else if file.is_file() && entry.path().extension().is_some_and(|it| it == "md") {
            paths.push(path);
        }
    }
}

fn read(path: &str) -> Page {
    let text = fs::read_to_string(root().join(path)).expect("a page can be read");
    parse(path, &text)
}

/// Takes a page apart.
pub(crate) fn parse(path: &str, text: &str) -> Page {
    let mut page =
        Page { path: path.to_owned(), blocks: Vec::new(), links: Vec::new(), anchors: Vec::new() };
    let (mut block, mut heading): (Option<Block>, Option<String>) = (None, None);
    for (event, range) in Parser::new_ext(text, Options::all()).into_offset_iter() {
        let place = || format!("{path}:{}", text[..range.start].matches('\n').count() + 1);
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                block = Some(Block { place: place(), info: words(&kind), text: String::new() });
            }
            Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let anchor = slug(&heading.take().unwrap_or_default());
                let twins = page.anchors.iter().filter(|it| **it == anchor).count();
                page.anchors.push(if twins == 0 { anchor } else { format!("{anchor}-{twins}") });
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(Link { place: place(), to: dest_url.into_string() });
            }
            Event::Text(said) | Event::Code(said) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&said);
                }
                if let Some(block) = &mut block {
                    block.text.push_str(&said);
                }
            }
            _ => {}
        }
    }
    page
}

fn words(kind: &CodeBlockKind<'_>) -> Vec<String> {
    let info = match kind {
        CodeBlockKind::Fenced(info) => info.clone(),
        CodeBlockKind::Indented => CowStr::Borrowed(""),
    };
    info.split([' ', ',']).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

/// As forges make it: small letters, digits, `-` and `_`; spaces become `-`.
fn slug(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|it| it.is_alphanumeric() || matches!(it, '-' | '_')).collect()
}

#[test]
fn pages_are_taken_apart() {
    let page = parse(
        "a.md",
        "# `[env]`, and more\n\n## Twice\n\n## Twice\n\n[b](b.md#c)\n\n```toml fly.toml\nx = 1\n```\n\n    indented\n",
    );
    assert_eq!(page.anchors, ["env-and-more", "twice", "twice-1"]);
    assert_eq!((page.links[0].to.as_str(), page.links[0].place.as_str()), ("b.md#c", "a.md:7"));
    assert_eq!((page.blocks[0].language(), page.blocks[0].says("fly.toml")), ("toml", true));
    assert_eq!(
        (page.blocks[0].place.as_str(), page.blocks[0].text.as_str()),
        ("a.md:9", "x = 1\n")
    );
    assert_eq!((page.blocks[1].language(), page.blocks[1].text.as_str()), ("", "indented\n"));
}
