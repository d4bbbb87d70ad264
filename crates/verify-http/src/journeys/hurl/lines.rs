//! The lines of a file, without comments and empty ones.

use serde_json::Value;

use super::{Bad, Read};

/// Where the reader is.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    lines: Vec<&'t str>,
    at: usize,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { lines: text.lines().collect(), at: 0 }
    }

    /// The next line that says something, with its number.
    pub(super) fn peek(&mut self) -> Option<(usize, &'t str)> {
        while let Some(line) = self.lines.get(self.at) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                return Some((self.at + 1, line));
            }
            self.at += 1;
        }
        None
    }

    /// Goes past it.
    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// All next lines that are pairs, such as `accept: text/html`.
    pub(super) fn pairs(&mut self) -> Read<Vec<(usize, &'t str, &'t str)>> {
        let mut pairs = Vec::new();
        while let Some((number, line)) = self.peek() {
            if !is_pair(line) {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if line.contains('\\') {
                let why = "escapes with a backslash are not supported here".into();
                return Err(Bad { line: number, why });
            }
            let value = value.split(" #").next().unwrap_or_default();
            pairs.push((number, name.trim(), value.trim()));
            self.advance();
        }
        Ok(pairs)
    }

    /// The name of the next section, such as `Form`.
    pub(super) fn section(&mut self) -> Option<(usize, &'t str)> {
        let (number, line) = self.peek()?;
        let name = line.strip_prefix('[')?.split_once(']')?.0;
        let named = !name.is_empty() && name.chars().all(char::is_alphanumeric);
        (named && name.starts_with(char::is_uppercase)).then_some((number, name))
    }

    /// The JSON that begins here.
    pub(super) fn json(&mut self) -> Read<Value> {
        let rest = self.lines[self.at..].join("\n");
        let mut values = serde_json::Deserializer::from_str(&rest).into_iter::<Value>();
        let bad = |why: String| Bad { line: self.at + 1, why };
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                let why =
                    format!("is no JSON ({error}); a placeholder must stand in quotation marks");
                return Err(Bad { line: self.at + error.line().max(1), why });
            }
            None => return Err(bad("has no JSON".into())),
        };
        self.at += rest[..values.byte_offset()].matches('\n').count() + 1;
        Ok(value)
    }

    /// The text between two lines of three backticks.
    pub(super) fn fenced(&mut self) -> Read<String> {
        let (first, begun) = (self.at + 1, self.at + 1);
        let opening = self.lines.get(self.at).map_or("", |it| it.trim());
        if opening != "```" && opening != "```text" {
            let why = format!("a body of `{}` is not supported; plain text is", &opening[3..]);
            return Err(Bad { line: first, why });
        }
        let body = self.lines[begun..].iter().position(|it| it.trim() == "```");
        let Some(length) = body else {
            return Err(Bad { line: first, why: "has no closing ``` below it".into() });
        };
        self.at = begun + length + 1;
        let text = self.lines[begun..begun + length].iter().map(|it| format!("{it}\n"));
        Ok(text.collect())
    }
}

/// Pairs begin with a name; neither addresses nor bodies do.
fn is_pair(line: &str) -> bool {
    let Some((name, _)) = line.split_once(':') else { return false };
    !name.is_empty() && !name.starts_with('[') && !name.contains([' ', '{', '"', '`', '<'])
}
