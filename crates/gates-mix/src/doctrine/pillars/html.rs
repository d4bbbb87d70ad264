//! Elements and attributes in markup, as far as rules need them: no tree, and nothing is ever refused.

use std::ops::Range;

/// An attribute of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute<'t> {
    pub(super) name: &'t str,
    /// Without quotes; with its braces where it is code.
    pub(super) value: &'t str,
    /// All of it, in bytes of the text.
    pub(super) span: Range<usize>,
}

/// `<name …>` or `</name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element<'t> {
    /// As it is written; of a component, with its point.
    pub(super) name: &'t str,
    /// Is it `</name>`?
    pub(super) is_end: bool,
    /// Is it `<name … />`?
    pub(super) is_empty: bool,
    pub(super) attributes: Vec<Attribute<'t>>,
    /// All of it, in bytes of the text.
    pub(super) span: Range<usize>,
}

impl Element<'_> {
    /// Is it one of HTML or SVG, rather than a component?
    pub(super) fn is_plain(&self) -> bool {
        self.name.starts_with(|it: char| it.is_ascii_lowercase()) && !self.name.contains('.')
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The elements of a part of a text, in its order. Comments, code and scripts are passed over.
#[derive(Clone, Debug)]
pub(super) struct Elements<'t> {
    text: &'t str,
    at: usize,
    end: usize,
    /// Is `{…}` between elements code, as in `HEEx`?
    braces: bool,
}

impl<'t> Elements<'t> {
    pub(super) fn of(text: &'t str, range: Range<usize>, braces: bool) -> Self {
        let is_part = text.get(range.clone()).is_some();
        let (at, end) = if is_part { (range.start, range.end) } else { (0, 0) };
        Self { text, at, end, braces }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    /// Goes behind the next `what`, or to the end.
    fn skip_to(&mut self, what: &str) {
        self.at = self.rest().find(what).map_or(self.end, |it| self.at + it + what.len());
    }

    /// Goes behind what is no element here: a comment, or code.
    fn skip_foreign(&mut self) -> bool {
        let rest = self.rest();
        let known = [("<!--", "-->"), ("<%!--", "--%>"), ("<%", "%>"), ("{!--", "--}")];
        if let Some((_, end)) = known.into_iter().find(|(start, _)| rest.starts_with(start)) {
            self.skip_to(end);
        } else if rest.starts_with('{') {
            self.skip_braces();
        } else {
            return false;
        }
        true
    }

    /// Goes behind `{…}`; texts in it are not read.
    fn skip_braces(&mut self) {
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        for (index, byte) in self.rest().bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' if !quoted => depth += 1,
                b'}' if !quoted && depth == 1 => {
                    self.at += index + 1;
                    return;
                }
                b'}' if !quoted => depth -= 1,
                _ => {}
            }
        }
        self.at = self.end;
    }

    fn skip_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|it: char| !belongs(it)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn element(&mut self) -> Element<'t> {
        let start = self.at;
        self.at += 1;
        let is_end = self.rest().starts_with('/');
        self.at += usize::from(is_end);
        let name = self.skip_while(|it| it.is_ascii_alphanumeric() || "._:-".contains(it));
        let attributes = self.attributes();
        let is_empty = self.text.get(start..self.at).is_some_and(|it| it.ends_with("/>"));
        let element = Element { name, is_end, is_empty, attributes, span: start..self.at };
        if !is_end && !is_empty && (element.is("script") || element.is("style")) {
            let length = find_end(self.rest(), name);
            self.at += length;
        }
        element
    }

    /// To the end of the element.
    fn attributes(&mut self) -> Vec<Attribute<'t>> {
        let mut attributes = Vec::new();
        loop {
            self.skip_while(|it| it.is_whitespace() || it == '/');
            match self.rest().chars().next() {
                None => return attributes,
                Some('>') => {
                    self.at += 1;
                    return attributes;
                }
                // It was never closed.
                Some('<') if !self.rest().starts_with("<%") => return attributes,
                Some('<' | '{') if self.skip_foreign() => {}
                Some('=' | '"' | '\'') => self.at += 1,
                Some(_) => attributes.push(self.attribute()),
            }
        }
    }

    fn attribute(&mut self) -> Attribute<'t> {
        let start = self.at;
        let name = self.skip_while(|it| !it.is_whitespace() && !"=>/<{\"'".contains(it));
        let after_name = self.at;
        self.skip_while(char::is_whitespace);
        if !self.rest().starts_with('=') {
            self.at = after_name;
            return Attribute { name, value: "", span: start..after_name };
        }
        self.at += 1;
        self.skip_while(char::is_whitespace);
        let value = self.value();
        Attribute { name, value, span: start..self.at }
    }

    fn value(&mut self) -> &'t str {
        let start = self.at;
        match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => {
                self.at += 1;
                let value = self.at;
                while !self.rest().is_empty() && !self.rest().starts_with(quote) {
                    // Code in a value has quotes of its own.
                    if self.rest().starts_with("<%") {
                        self.skip_foreign();
                    } else {
                        self.at += self.rest().chars().next().map_or(0, char::len_utf8);
                        self.skip_while(|it| it != quote && it != '<');
                    }
                }
                let end = self.at;
                self.at = (end + 1).min(self.end);
                self.text.get(value..end).unwrap_or_default()
            }
            Some('<' | '{') if self.skip_foreign() => {
                self.text.get(start..self.at).unwrap_or_default()
            }
            _ => self.skip_while(|it| !it.is_whitespace() && it != '>'),
        }
    }
}

/// How far it is to `</name`.
fn find_end(text: &str, name: &str) -> usize {
    let is_end = |at: &usize| {
        let rest = text.get(at + 2..at + 2 + name.len());
        rest.is_some_and(|it| it.eq_ignore_ascii_case(name))
    };
    text.match_indices("</").map(|(at, _)| at).find(is_end).unwrap_or(text.len())
}

impl<'t> Iterator for Elements<'t> {
    type Item = Element<'t>;

    fn next(&mut self) -> Option<Element<'t>> {
        loop {
            let braces = self.braces;
            self.skip_while(|it| it != '<' && !(braces && it == '{'));
            if self.rest().is_empty() {
                return None;
            }
            if self.skip_foreign() {
                continue;
            }
            let after = self.rest()[1..].trim_start_matches('/');
            if after.starts_with(|it: char| it.is_ascii_alphabetic() || it == '.' || it == ':') {
                return Some(self.element());
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> String {
        let attribute = |it: &Attribute| format!(" {}={}", it.name, it.value);
        let element = |it: Element| {
            let end = if it.is_end { "/" } else { "" };
            format!("{end}{}{}", it.name, it.attributes.iter().map(attribute).collect::<String>())
        };
        Elements::of(text, 0..text.len(), true).map(element).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn elements_and_attributes_are_found_among_code() {
        for (text, expected) in [
            ("<p class=\"a b\" hidden>x</p>", "p class=a b hidden=, /p"),
            ("<.button style={@s} :if={@a > 1} {@rest} />", ".button style={@s} :if={@a > 1}"),
            ("<a\n  href='x'\n  data-y=z>", "a href=x data-y=z"),
            ("<!-- <p> --><%!-- <p> --%><%= \"<p>\" %>{\"<p>\"}{!-- <p> --}<b>", "b"),
            ("<script>if (a < b) { '<p>' }</script><i>", "script, /script, i"),
            ("<p class=\"<%= if @x, do: \"y\" %> z\">", "p class=<%= if @x, do: \"y\" %> z"),
            ("a < b <3 <> </> <p", "p"),
            ("<p <%= if @x do %>style=\"a\"<% end %>>", "p style=a"),
            ("<é><Å.x a=\"é\">", ""),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn foreign_texts_never_panic(text in "([<>/{}=\"'%! a-zé.-]|<%|%>|<!--|-->|<style|</style){0,60}") {
            for element in Elements::of(&text, 0..text.len(), true) {
                prop_assert!(text.get(element.span).is_some());
            }
        }
    }
}
