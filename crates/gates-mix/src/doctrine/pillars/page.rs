//! A page in Markdown: its headings, its links and its prose.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::html::Elements;

/// Where a page leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) to: String,
    /// The whole link, in bytes of the page.
    pub(super) span: Range<usize>,
}

/// Text that belongs together, without code, with the place of each byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prose {
    pub(super) text: String,
    places: Vec<usize>,
}

impl Prose {
    /// Where in the page these bytes of the text stand.
    pub(super) fn span(&self, of: Range<usize>) -> Range<usize> {
        let place = |at: usize| self.places.get(at).copied().unwrap_or_default();
        place(of.start)..place(of.end.saturating_sub(1)) + 1
    }

    fn push(&mut self, text: &str, start: usize) {
        self.text.push_str(text);
        self.places.extend(start..start + text.len());
    }
}

/// What a page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The texts of headings.
    pub(super) headings: Vec<String>,
    /// What a link may name after `#`, in small letters.
    pub(super) anchors: BTreeSet<String>,
    pub(super) links: Vec<Link>,
    pub(super) prose: Vec<Prose>,
    /// What is explained: bold words and the first cells of tables.
    pub(super) terms: Vec<String>,
}

impl Page {
    pub(super) fn of(text: &str) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_GFM
            | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        let mut reader = Reader { text, ..Reader::default() };
        for (event, span) in Parser::new_ext(text, options).into_offset_iter() {
            reader.event(event, span);
        }
        reader.end_prose();
        reader.page
    }
}

/// The anchor that GitHub makes of a heading: small letters, no punctuation but `-` and `_`, blanks become `-`.
fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|it| it.is_alphanumeric() || "-_ ".contains(*it));
    kept.flat_map(char::to_lowercase).map(|it| if it == ' ' { '-' } else { it }).collect()
}

#[derive(Default)]
struct Reader<'t> {
    text: &'t str,
    page: Page,
    /// How often a heading was there.
    times: BTreeMap<String, usize>,
    heading: Option<String>,
    term: Option<String>,
    prose: Prose,
    /// Code, pictures and metadata that are open.
    silent: usize,
    cell: usize,
}

impl Reader<'_> {
    fn event(&mut self, event: Event, span: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, span),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.say(&text, span),
            Event::Code(code) => {
                // In a heading code is a word as others; elsewhere it is no prose.
                if let Some(heading) = &mut self.heading {
                    heading.push_str(&code);
                }
                if let Some(term) = &mut self.term {
                    term.push_str(&code);
                }
                self.prose.push("\u{0}", span.start);
            }
            Event::InlineHtml(_) => self.html(span),
            Event::SoftBreak | Event::HardBreak => self.say(" ", span),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag, span: Range<usize>) {
        match tag {
            Tag::Heading { .. } => {
                self.end_prose();
                self.heading = Some(String::new());
            }
            // An address of mail leads to no file.
            Tag::Link { link_type, dest_url, .. } if link_type != LinkType::Email => {
                self.link(&dest_url, span);
            }
            Tag::Image { dest_url, .. } => {
                self.link(&dest_url, span);
                self.silent += 1;
            }
            Tag::HtmlBlock => self.html(span),
            Tag::CodeBlock(_) | Tag::MetadataBlock(_) => self.silent += 1,
            Tag::Strong => self.term = Some(String::new()),
            Tag::TableHead | Tag::TableRow => self.cell = 0,
            Tag::TableCell => {
                self.end_prose();
                self.term = (self.cell == 0).then(String::new);
                self.cell += 1;
            }
            Tag::Link { .. } | Tag::Emphasis | Tag::Strikethrough => {}
            _ => self.end_prose(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                let heading = self.heading.take().unwrap_or_default();
                self.end_heading(heading);
                self.end_prose();
            }
            TagEnd::Image | TagEnd::CodeBlock | TagEnd::MetadataBlock(_) => {
                self.silent = self.silent.saturating_sub(1);
            }
            TagEnd::Strong | TagEnd::TableCell => self.page.terms.extend(self.term.take()),
            TagEnd::Paragraph | TagEnd::Item => self.end_prose(),
            _ => {}
        }
    }

    fn say(&mut self, text: &str, span: Range<usize>) {
        if self.silent > 0 {
            return;
        }
        for said in [&mut self.heading, &mut self.term].into_iter().flatten() {
            said.push_str(text);
        }
        self.prose.push(text, span.start);
    }

    fn link(&mut self, to: &str, span: Range<usize>) {
        self.page.links.push(Link { to: to.to_owned(), span });
    }

    fn end_prose(&mut self) {
        let prose = std::mem::take(&mut self.prose);
        if !prose.text.trim().is_empty() {
            self.page.prose.push(prose);
        }
    }

    fn end_heading(&mut self, heading: String) {
        let slug = slug(&heading);
        let times = self.times.entry(slug.clone()).or_default();
        let anchor = if *times == 0 { slug } else { format!("{slug}-{times}") };
        *times += 1;
        self.page.anchors.insert(anchor);
        self.page.headings.push(heading);
    }

    /// Elements of HTML lead somewhere, and can be led to.
    fn html(&mut self, span: Range<usize>) {
        for element in Elements::of(self.text, span.clone(), false).filter(|it| !it.is_end) {
            for attribute in element.attributes {
                match attribute.name {
                    "id" | "name" => {
                        self.page.anchors.insert(attribute.value.to_lowercase());
                    }
                    "href" | "src" => self.link(attribute.value, attribute.span),
                    _ => {}
                }
            }
            let is_heading = matches!(element.name.as_bytes(), [b'h' | b'H', b'1'..=b'6']);
            let rest = self.text.get(element.span.end..).filter(|_| is_heading);
            if let Some((inner, _)) = rest.and_then(|it| it.split_once("</h")) {
                self.end_heading(without_elements(inner));
            }
        }
    }
}

/// What a reader sees of a piece of HTML.
fn without_elements(html: &str) -> String {
    let mut seen = String::new();
    let mut at = 0;
    for element in Elements::of(html, 0..html.len(), false) {
        seen.push_str(html.get(at..element.span.start).unwrap_or_default());
        at = element.span.end;
    }
    seen.push_str(html.get(at..).unwrap_or_default());
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headings_become_the_anchors_that_github_gives_them() {
        let page = Page::of(
            "# Hello, World!\n## `mix test` & more\n## Straße_1 - x\n## Hello World\n## Hello World\n\
             Set\nText\n===\n<h2 align=\"center\">In <b>HTML</b></h2>\n\n<a name=\"Here\"></a>\n\n\
             ```\n# not one\n```\n## [A link](b.md) ![pic](c.png)\n## 🚀 Go\n",
        );
        let anchors: Vec<_> = page.anchors.iter().map(String::as_str).collect();
        insta::assert_snapshot!(anchors.join(" "), @"-go a-link hello-world hello-world-1 hello-world-2 here in-html mix-test--more set-text straße_1---x");
        assert!(page.anchors.contains("hello-world-2"), "{anchors:?}");
    }

    #[test]
    fn links_are_those_a_reader_can_follow() {
        let page = Page::of(
            "[a](a.md) ![b](b.png) [c][r] <img\n src=\"d.png\"> `[no](no.md)`\n\n    [no](no.md)\n\n\
             ```md\n[no](no.md)\n```\n\n<p align=\"center\">\n  <img\n    src=\"e.png\">\n</p>\n\n[r]: c.md\n",
        );
        let links: Vec<_> = page.links.iter().map(|it| it.to.as_str()).collect();
        assert_eq!(links, ["a.md", "b.png", "c.md", "d.png", "e.png"]);
    }

    #[test]
    fn prose_knows_where_it_stands() {
        let text = "We have **12** apps\nand `90 agents`.\n";
        let page = Page::of(text);
        let prose = &page.prose[0];
        let at = prose.text.find("12 apps").unwrap();
        assert_eq!(&text[prose.span(at..at + 7)], "12** apps");
        assert!(!prose.text.contains("agents"));
    }

    proptest! {
        #[test]
        fn foreign_texts_never_panic(text in "([#<>\\[\\]()`*|~=\n éa-z0-9-]|<a |<h2>|</h2>|---\n){0,80}") {
            let page = Page::of(&text);
            for prose in &page.prose {
                prop_assert!(prose.span(0..prose.text.len()).end <= text.len());
            }
        }
    }
}
