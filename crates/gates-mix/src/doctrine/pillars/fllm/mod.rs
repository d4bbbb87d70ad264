//! FLLM: looks come from the design system, not from styles written by hand.

mod css;

use std::ops::Range;

use elixir_syntax::Tag;
use pipeline_core::Level;

use super::html::{Element, Elements};
use crate::doctrine::{Codebase, Found, Pillar, Role, Rule, Source};

const STYLE_ATTR: Rule = Rule::advisory(
    "FLLM/style-attr",
    "use the classes of the design system; where a value is computed, say so: <%!-- FLLM:OK computed --%>",
);
const STYLE_BLOCK: Rule = Rule::advisory(
    "FLLM/style-block",
    "use the classes of the design system, or move it to the style sheet",
);
const CUSTOM_CLASS: Rule = Rule::advisory(
    "FLLM/custom-class",
    "use the classes of the design system, or define it in `@layer components` or with `@apply`",
);

/// The pillar FLLM.
#[derive(Clone, Debug)]
pub struct Fllm {
    /// Style sheets where everything comes together, by the end of their paths: they may define classes.
    pub entries: Vec<String>,
}

impl Default for Fllm {
    fn default() -> Self {
        Self { entries: vec!["assets/css/app.css".to_owned()] }
    }
}

impl Pillar for Fllm {
    fn code(&self) -> &'static str {
        "FLLM"
    }

    fn name(&self) -> &'static str {
        "Flowbite LLM"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn rules(&self) -> Vec<Rule> {
        vec![STYLE_ATTR, STYLE_BLOCK, CUSTOM_CLASS]
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        if is_exempt(source.path) {
            return;
        }
        match source.role {
            Role::Template if is_markup(source.path) => {
                let heex = ending(source.path) == "heex";
                markup(source.text, 0..source.text.len(), heex, found);
            }
            Role::Lib if source.markup.is_some() => sigils(source, found),
            Role::Style if !self.is_entry(source.path) => {
                for (span, name) in css::own_classes(source.text) {
                    found.span(&CUSTOM_CLASS, span, format!("`{name}` is a class of its own"));
                }
            }
            _ => {}
        }
    }
}

impl Fllm {
    fn is_entry(&self, path: &str) -> bool {
        let ends = |entry: &String| {
            path.strip_suffix(entry.as_str()).is_some_and(|it| it.is_empty() || it.ends_with('/'))
        };
        self.entries.iter().any(ends)
    }
}

/// Mail programs know no style sheets; what others wrote or tools built is not ours.
fn is_exempt(path: &str) -> bool {
    let is_mail = |it: &str| {
        let name = it.split('.').next().unwrap_or(it);
        name.split('_').any(|it| {
            matches!(it, "mail" | "mails" | "email" | "emails" | "mailer" | "mailers" | "mjml")
        })
    };
    let is_foreign = |it: &str| matches!(it, "vendor" | "dist" | "test" | "fixtures");
    path.split('/').any(|it| is_foreign(it) || is_mail(it)) || path.contains("priv/static/")
}

/// Other templates make text or code.
fn is_markup(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(ending(name), "heex" | "leex") || name.contains(".html")
}

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |it| it.1)
}

fn sigils(source: &Source, found: &mut Found) {
    let Some(elixir) = &source.elixir else { return };
    let nodes = elixir.tree.root().descendants();
    for sigil in nodes.filter(|it| it.tag() == Tag::Sigil && it.sigil() == "H") {
        let start = sigil.name_start();
        markup(source.text, start..start + sigil.name().len(), true, found);
    }
}

fn markup(text: &str, range: Range<usize>, heex: bool, found: &mut Found) {
    if !text.get(range.clone()).is_some_and(|it| it.contains("style")) {
        return;
    }
    let mut pictures = 0_usize;
    for element in Elements::of(text, range, heex) {
        if element.is("svg") {
            match (element.is_end, element.is_empty) {
                (true, _) => pictures = pictures.saturating_sub(1),
                (false, false) => pictures += 1,
                (false, true) => {}
            }
        } else if pictures == 0 && !element.is_end {
            styles(&element, found);
        }
    }
}

fn styles(element: &Element, found: &mut Found) {
    if element.is("style") {
        found.span(&STYLE_BLOCK, element.span.clone(), "this page brings a style sheet of its own");
    }
    // Of a component, `style` is what it makes of it.
    let style = element.attributes.iter().find(|it| it.name.eq_ignore_ascii_case("style"));
    if let Some(style) = style.filter(|_| element.is_plain()) {
        let message = format!("<{}> is styled by hand", element.name);
        found.span(&STYLE_ATTR, style.span.clone(), message);
    }
}
