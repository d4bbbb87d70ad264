//! Which classes a style sheet defines by itself, rather than through Tailwind.

use std::ops::Range;

/// Directives of Tailwind whose blocks are its own.
const DIRECTIVES: [&str; 7] =
    ["@layer", "@theme", "@utility", "@tailwind", "@plugin", "@custom-variant", "@keyframes"];

/// A block that is open.
#[derive(Clone, Copy)]
struct Block {
    /// Does what is in it belong to a directive, or to a rule that is known already?
    settled: bool,
}

/// The first class of each rule that defines one of its own, with its place.
pub(super) fn own_classes(css: &str) -> Vec<(Range<usize>, &str)> {
    let bytes = css.as_bytes();
    let (mut found, mut open) = (Vec::new(), Vec::<Block>::new());
    let (mut at, mut start) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = after_comment(css, at);
                start = if css.get(start..at).is_some_and(is_blank) { at } else { start };
                continue;
            }
            b'"' | b'\'' => {
                at = after_text(bytes, at);
                continue;
            }
            b'\\' => at += 1,
            b'{' => {
                let settled = open.last().is_some_and(|it| it.settled);
                open.push(block(css, start..at, settled, &mut found));
                start = at + 1;
            }
            b'}' => {
                open.pop();
                start = at + 1;
            }
            b';' => start = at + 1,
            _ => {}
        }
        at += 1;
    }
    found
}

/// What is opened after `prelude`.
fn block<'t>(
    css: &'t str,
    prelude: Range<usize>,
    settled: bool,
    found: &mut Vec<(Range<usize>, &'t str)>,
) -> Block {
    let text = css.get(prelude.clone()).unwrap_or_default();
    let said = text.trim_start();
    if settled || DIRECTIVES.iter().any(|it| said.starts_with(it)) {
        return Block { settled: true };
    }
    if said.starts_with('@') {
        return Block { settled: false };
    }
    let Some((at, name)) = first_class(text) else { return Block { settled: false } };
    if !only_applies(css.get(prelude.end + 1..).unwrap_or_default()) {
        let start = prelude.start + at;
        found.push((start..start + name.len(), name));
    }
    Block { settled: true }
}

/// The first class in a selector that is not one of `LiveView`'s own.
fn first_class(selector: &str) -> Option<(usize, &str)> {
    let class = |(at, _): (usize, &str)| {
        let rest = &selector[at + 1..];
        let is_name = |it: char| it.is_alphanumeric() || it == '-' || it == '_' || it == '\\';
        let length = rest.find(|it| !is_name(it)).unwrap_or(rest.len());
        let begins = rest.starts_with(|it: char| it.is_alphabetic() || it == '_' || it == '-');
        (begins && !rest.starts_with("phx-")).then(|| (at, &selector[at..=at + length]))
    };
    // What stands in brackets or quotes is the value of an attribute.
    let is_outside = |at: usize| {
        let before = &selector[..at];
        before.matches('[').count() == before.matches(']').count()
    };
    selector.match_indices('.').filter(|it| is_outside(it.0)).find_map(class)
}

/// Is there nothing but `@apply` in the block that begins here?
fn only_applies(rest: &str) -> bool {
    let body = rest.split('}').next().unwrap_or_default();
    let mut said = body.split(';').map(str::trim).filter(|it| !it.is_empty()).peekable();
    said.peek().is_some() && said.all(|it| it.starts_with("@apply"))
}

fn is_blank(text: &str) -> bool {
    let mut rest = text.trim();
    while let Some(after) = rest.strip_prefix("/*").and_then(|it| it.split_once("*/")) {
        rest = after.1.trim();
    }
    rest.is_empty()
}

fn after_comment(css: &str, at: usize) -> usize {
    let rest = css.get(at + 2..).unwrap_or_default();
    rest.find("*/").map_or(css.len(), |it| at + 2 + it + 2)
}

/// Behind the text in quotes that begins here.
fn after_text(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let mut index = at + 1;
    while let Some(byte) = bytes.get(index) {
        match byte {
            b'\\' => index += 1,
            b'\n' => return index,
            it if *it == quote => return index + 1,
            _ => {}
        }
        index += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn classes_are_told_from_what_tailwind_makes() {
        for (css, expected) in [
            (".btn { color: red }", ".btn"),
            ("a.b:hover, .c { color: red } .d > e {}", ".b .d"),
            ("@media (min-width: 1.5rem) { .m { top: .5em } }", ".m"),
            ("@layer components { .l { color: red } .k {} } .n { x: y }", ".n"),
            (".a { @apply px-2; @apply py-2 }", ""),
            (".a { @apply px-2; color: red }", ".a"),
            ("/* .c {} */ a { content: \".s {\" } @import \"./x.css\";", ""),
            (".phx-click-loading { opacity: .5 } p { margin: 0 }", ""),
            ("[href$=\".pdf\"] { x: y } a::after { x: y }", ""),
            (".o { .nested { x: y } }", ".o"),
            ("/* c */ .p { x: y }", ".p"),
            ("@utility u { .v { x: y } }", ""),
        ] {
            let found: Vec<_> = own_classes(css).into_iter().map(|it| it.1).collect();
            assert_eq!(found.join(" "), expected, "{css}");
        }
    }

    proptest! {
        #[test]
        fn foreign_texts_never_panic(css in "([.a-zé{};@\"'/*\\\\ \n\\[\\]]|@layer |@apply ){0,60}") {
            for (span, name) in own_classes(&css) {
                prop_assert_eq!(css.get(span), Some(name));
            }
        }
    }
}
