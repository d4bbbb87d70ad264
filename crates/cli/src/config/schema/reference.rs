//! What the reference says of each key: its meaning, its default, an example.

use std::collections::BTreeMap;

use toml::Value;

use super::shape::Shape;

/// What is said of one key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    /// Its meaning.
    pub(super) text: String,
    /// The value it has if nobody says another.
    pub(super) default: Option<Value>,
    /// A value it could have, where it has no default.
    pub(super) example: Option<Value>,
}

/// Everything that the reference says, by the path of the key.
pub(super) fn read(reference: &str, shape: &Shape) -> BTreeMap<String, Said> {
    let mut reader =
        Reader { shape, section: Vec::new(), above: Vec::new(), said: BTreeMap::new(), last: None };
    reference.lines().for_each(|line| reader.line(line));
    reader.said
}

struct Reader<'a> {
    shape: &'a Shape,
    /// The table that the lines are in, as it is written.
    section: Vec<String>,
    /// The comment above the next key.
    above: Vec<String>,
    said: BTreeMap<String, Said>,
    /// The key that a comment to the right goes on about.
    last: Option<String>,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) {
        let (is_comment, text) = match line.strip_prefix('#') {
            Some(text) => (true, text.strip_prefix(' ').unwrap_or(text)),
            None => (false, line),
        };
        if text.trim().is_empty() {
            self.above.clear();
            self.last = None;
        } else if is_comment && text.trim_start().starts_with('#') {
            self.go_on(text.trim_start().trim_start_matches('#').trim());
        } else if !(self.header(text) || self.key(text, !is_comment)) {
            self.above.push(text.trim().to_owned());
            self.last = None;
        }
    }

    /// The rest of what stands to the right of a key.
    fn go_on(&mut self, text: &str) {
        if let Some(said) = self.last.as_ref().and_then(|it| self.said.get_mut(it)) {
            if !said.text.is_empty() {
                said.text.push(' ');
            }
            said.text.push_str(text);
        }
    }

    /// `[section]` or `[[section]]`, with a comment to its right or without.
    fn header(&mut self, text: &str) -> bool {
        let Some(inner) = text.strip_prefix('[') else { return false };
        let inner = inner.strip_prefix('[').unwrap_or(inner);
        let Some((name, _)) = inner.split_once(']') else { return false };
        let names: Vec<String> = name.split('.').map(str::to_owned).collect();
        let Some((path, _)) = self.find(&names) else { return false };
        // What is said of one name of one's own is said of all.
        self.say(path.trim_end_matches(".*").to_owned(), Said::default(), "");
        self.last = None;
        self.section = names;
        true
    }

    fn key(&mut self, text: &str, is_set: bool) -> bool {
        let Some((name, rest)) = text.split_once('=') else { return false };
        let own = name.trim().split('.').map(|it| it.trim_matches('"').to_owned());
        let names: Vec<String> = self.section.iter().cloned().chain(own).collect();
        let Some((path, _)) = self.find(&names) else { return false };
        let Some((value, comment)) = value_and_comment(rest) else { return false };
        let (default, example) = if is_set { (Some(value), None) } else { (None, Some(value)) };
        self.say(path, Said { default, example, ..Said::default() }, comment);
        true
    }

    fn find(&self, names: &[String]) -> Option<(String, &Shape)> {
        self.shape.find(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// What is said first of a key counts: what follows are examples of it.
    fn say(&mut self, path: String, said: Said, comment: &str) {
        let above = std::mem::take(&mut self.above);
        let text = above.iter().map(String::as_str).chain([comment]);
        let text = text.filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ");
        self.last = Some(path.clone());
        self.said.entry(path).or_insert(Said { text, ..said });
    }
}

/// `"value"   # comment`
fn value_and_comment(text: &str) -> Option<(Value, &str)> {
    let ends = text.match_indices('#').map(|(at, _)| at).chain([text.len()]);
    for end in ends {
        let table = toml::from_str::<toml::Table>(&format!("it = {}", &text[..end]));
        if let Some(value) = table.ok().and_then(|mut it| it.remove("it")) {
            return Some((value, text[end..].trim_start_matches('#').trim()));
        }
    }
    None
}
