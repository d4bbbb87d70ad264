//! A reader for Elixir's literals, as `mix.lock` is made of them. Nothing is evaluated.

use std::iter::Peekable;
use std::str::Chars;

/// Deeper values are not read.
const DEEPEST: usize = 32;

/// A literal, and the line it begins in, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) term: Term,
    pub(super) line: u32,
}

/// What a literal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// `:name`, `true`, `nil`, `Some.Alias`; also the keys of `name: value`.
    Atom(String),
    Text(String),
    /// A number as it is written.
    Number(String),
    List(Vec<Node>),
    Tuple(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of an atom or a string.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.term {
            Term::Atom(word) | Term::Text(word) => Some(word),
            _ => None,
        }
    }
}

/// What cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unread {
    pub(super) line: u32,
    pub(super) what: String,
}

/// The one literal that the text holds.
pub(super) fn read(text: &str) -> Result<Node, Unread> {
    let mut reader = Reader { rest: text.chars().peekable(), line: 1 };
    let node = reader.value(0)?;
    match reader.peek() {
        None => Ok(node),
        Some(more) => Err(reader.unread(format!("`{more}` stands after the end"))),
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: u32,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Unread> {
        if depth > DEEPEST {
            return Err(self.unread("it is too deep"));
        }
        let first = self.peek();
        let line = self.line;
        let term = match first {
            Some('%') => self.map(depth)?,
            Some('{') => {
                self.next();
                Term::Tuple(self.items('}', depth)?)
            }
            Some('[') => {
                self.next();
                Term::List(self.items(']', depth)?)
            }
            Some('"') => Term::Text(self.string()?),
            Some(':') => Term::Atom(self.atom()?),
            Some(it) if is_name(it) || it == '-' => word(self.name()),
            Some(it) => return Err(self.unread(format!("`{it}` begins no literal"))),
            None => return Err(self.unread("it ends too early")),
        };
        Ok(Node { term, line })
    }

    /// `%{key => value, key: value}`.
    fn map(&mut self, depth: usize) -> Result<Term, Unread> {
        self.next();
        self.expect('{')?;
        let mut pairs = Vec::new();
        while self.peek() != Some('}') {
            let (key, keyword) = self.key_or_value(depth)?;
            if !keyword {
                self.expect('=')?;
                self.expect('>')?;
            }
            pairs.push((key, self.value(depth + 1)?));
            self.comma('}')?;
        }
        self.next();
        Ok(Term::Map(pairs))
    }

    /// What is between brackets; `key: value` is a pair, as in Elixir.
    fn items(&mut self, end: char, depth: usize) -> Result<Vec<Node>, Unread> {
        let mut items = Vec::new();
        while self.peek() != Some(end) {
            let (node, keyword) = self.key_or_value(depth)?;
            if keyword {
                let line = node.line;
                let pair = vec![node, self.value(depth + 1)?];
                items.push(Node { term: Term::Tuple(pair), line });
            } else {
                items.push(node);
            }
            self.comma(end)?;
        }
        self.next();
        Ok(items)
    }

    /// A value, or with `true` the key of `key: value`.
    fn key_or_value(&mut self, depth: usize) -> Result<(Node, bool), Unread> {
        let named = self.peek().is_some_and(|it| it == '"' || is_name(it));
        let mut node = self.value(depth + 1)?;
        // A keyword's colon follows at once.
        if !named || self.rest.peek() != Some(&':') {
            return Ok((node, false));
        }
        self.next();
        node.term = match node.term {
            Term::Text(name) | Term::Number(name) => Term::Atom(name),
            other => other,
        };
        Ok((node, true))
    }

    fn comma(&mut self, end: char) -> Result<(), Unread> {
        match self.peek() {
            Some(',') => {
                self.next();
                Ok(())
            }
            Some(it) if it == end => Ok(()),
            Some(it) => Err(self.unread(format!("`{it}` stands where `,` or `{end}` should"))),
            None => Err(self.unread(format!("`{end}` is missing"))),
        }
    }

    fn atom(&mut self) -> Result<String, Unread> {
        self.next();
        match self.rest.peek() {
            Some('"') => self.string(),
            Some(it) if is_name(*it) => Ok(self.name()),
            _ => Err(self.unread("`:` is followed by no name")),
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(it) = self.rest.next_if(|it| is_name(*it) || "-.?!".contains(*it)) {
            name.push(it);
        }
        name
    }

    fn string(&mut self) -> Result<String, Unread> {
        self.next();
        let mut string = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(string),
                Some('\\') => string.push(self.escaped()?),
                Some('#') if self.rest.peek() == Some(&'{') => {
                    return Err(self.unread("`#{` in a string would have to be evaluated"));
                }
                Some(it) => string.push(it),
                None => return Err(self.unread("a string has no end")),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Unread> {
        match self.next() {
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('s') => Ok(' '),
            Some(it) if !it.is_alphanumeric() => Ok(it),
            _ => Err(self.unread("a string has an escape that nobody writes into a lock")),
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), Unread> {
        match self.peek() {
            Some(it) if it == wanted => {
                self.next();
                Ok(())
            }
            Some(it) => Err(self.unread(format!("`{it}` stands where `{wanted}` should"))),
            None => Err(self.unread(format!("`{wanted}` is missing"))),
        }
    }

    /// The next character that is neither blank nor in a comment.
    fn peek(&mut self) -> Option<char> {
        loop {
            match self.rest.peek().copied()? {
                '#' => while self.rest.next_if(|it| *it != '\n').is_some() {},
                it if it.is_whitespace() => {
                    self.next();
                }
                it => return Some(it),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += u32::from(next == Some('\n'));
        next
    }

    fn unread(&self, what: impl Into<String>) -> Unread {
        Unread { line: self.line, what: what.into() }
    }
}

fn is_name(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

fn word(name: String) -> Term {
    let digits = name.strip_prefix('-').unwrap_or(&name);
    if digits.starts_with(|it: char| it.is_ascii_digit()) {
        Term::Number(name)
    } else {
        Term::Atom(name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(node: &Node) -> String {
        let all = |items: &[Node]| items.iter().map(told).collect::<Vec<_>>().join(" ");
        match &node.term {
            Term::Atom(it) => format!(":{it}"),
            Term::Text(it) => format!("{it:?}"),
            Term::Number(it) => it.clone(),
            Term::List(items) => format!("[{}]", all(items)),
            Term::Tuple(items) => format!("({})", all(items)),
            Term::Map(pairs) => {
                let pair = |(key, value): &(Node, Node)| format!("{}={}", told(key), told(value));
                format!("%({})", pairs.iter().map(pair).collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn literals_are_read_and_nothing_else_is() {
        for (text, wanted) in [
            ("%{}", "%()"),
            (
                " %{ \"a\": 1, b: :c, \"d\" => nil, :e => {}, } # end",
                "%(:a=1 :b=:c \"d\"=:nil :e=())",
            ),
            (
                "{:hex, :\"a b\", \"1.0\", [hex: :plug, optional: false]}",
                "(:hex :a b \"1.0\" [(:hex :plug) (:optional :false)])",
            ),
            ("[-1, Foo.Bar, \"a\\\"b\\n\\#{\"]", "[-1 :Foo.Bar \"a\\\"b\\n#{\"]"),
            ("", "1: it ends too early"),
            ("%{\n\n", "3: it ends too early"),
            ("%{\"a\" 1}", "1: `1` stands where `=` should"),
            ("{:a :b}", "1: `:` stands where `,` or `}` should"),
            ("{}\n{}", "2: `{` stands after the end"),
            ("\"#{System.halt()}\"", "1: `#{` in a string would have to be evaluated"),
            ("\"a", "1: a string has no end"),
            ("[:a, fn]", "[:a :fn]"),
            ("System.halt(1)", "1: `(` stands after the end"),
        ] {
            let read = read(text);
            let read = read.map_or_else(|it| format!("{}: {}", it.line, it.what), |it| told(&it));
            assert_eq!(read, wanted, "{text}");
        }
        assert_eq!(read(&"[".repeat(100_000)).unwrap_err().what, "it is too deep");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[%{}\\[\\]:\",=>#a1 \n\\\\-]{0,60}", any: String) {
            let _ = (read(&text), read(&any));
        }
    }
}
