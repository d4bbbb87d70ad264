//! Reading a GraphQL query: only as much of the language as clients of Fly.io use, and no more.

use std::iter::Peekable;

use serde_json::{Map, Value};

use super::words::{Word, words};

/// So deep are selections followed: a query that goes on for ever must not use up the stack.
const DEEPEST: usize = 64;

/// One field that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// What the answer calls it: its alias, or its name.
    pub(super) key: String,
    pub(super) name: String,
    /// With variables filled in; one that was not given is `null`.
    pub(super) arguments: Map<String, Value>,
    /// Empty for a scalar.
    pub(super) fields: Vec<Field>,
}

/// What is to be done with the fields.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operation {
    Query(Vec<Field>),
    Mutation(Vec<Field>),
}

/// Reads a query or mutation. Fragments on types are taken as if they always fit: the simulator
/// has one type where Fly.io has several.
pub(super) fn parse(text: &str, variables: &Value) -> Result<Operation, String> {
    let words = words(text)?.into_iter().peekable();
    let mut parser = Parser { words, variables, depth: 0 };
    let changes = parser.words.peek() == Some(&Word::Name("mutation".to_owned()));
    parser.skip_to_selection()?;
    let fields = parser.selection()?;
    match parser.words.next() {
        None if changes => Ok(Operation::Mutation(fields)),
        None => Ok(Operation::Query(fields)),
        Some(word) => Err(format!("one operation was expected, and there is more: {word:?}")),
    }
}

struct Parser<'a> {
    words: Peekable<std::vec::IntoIter<Word>>,
    variables: &'a Value,
    /// How many selections are open.
    depth: usize,
}

impl Parser<'_> {
    /// Passes `query Name($a: String!, $b: Int = 1)`: variables come with their values anyway.
    fn skip_to_selection(&mut self) -> Result<(), String> {
        let mut depth = 0_usize;
        while let Some(word) = self.words.peek() {
            match word {
                Word::Mark('{') if depth == 0 => return Ok(()),
                Word::Name(name) if name == "subscription" || name == "fragment" => {
                    return Err(format!("'{name}' is not simulated"));
                }
                Word::Mark('(') => depth += 1,
                Word::Mark(')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.words.next();
        }
        Err("no selection".to_owned())
    }

    /// `{ … }`
    fn selection(&mut self) -> Result<Vec<Field>, String> {
        self.expect('{')?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("more than {DEEPEST} selections within each other"));
        }
        let mut fields = Vec::new();
        while !self.take('}') {
            if self.take('.') {
                fields.extend(self.fragment()?);
            } else {
                fields.push(self.field()?);
            }
        }
        self.depth -= 1;
        Ok(fields)
    }

    /// `... on Type { … }`, of which the first dot is read already.
    fn fragment(&mut self) -> Result<Vec<Field>, String> {
        self.expect('.')?;
        self.expect('.')?;
        match (self.name()?.as_str(), self.name()) {
            ("on", Ok(_)) => self.selection(),
            _ => Err("named fragments are not simulated".to_owned()),
        }
    }

    /// `alias: name(argument: value) { … }`
    fn field(&mut self) -> Result<Field, String> {
        let key = self.name()?;
        let name = if self.take(':') { self.name()? } else { key.clone() };
        let arguments = if self.take('(') { self.entries(')')? } else { Map::new() };
        let nested = self.words.peek() == Some(&Word::Mark('{'));
        let fields = if nested { self.selection()? } else { Vec::new() };
        Ok(Field { key, name, arguments, fields })
    }

    /// `name: value` any number of times, up to the mark that ends them.
    fn entries(&mut self, end: char) -> Result<Map<String, Value>, String> {
        let mut entries = Map::new();
        while !self.take(end) {
            let name = self.name()?;
            self.expect(':')?;
            entries.insert(name, self.value()?);
        }
        Ok(entries)
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.words.next() {
            Some(Word::Mark('$')) => {
                let name = self.name()?;
                Ok(self.variables[name].clone())
            }
            Some(Word::Mark('{')) => self.entries('}').map(Value::Object),
            Some(Word::Text(text)) => Ok(Value::String(text)),
            Some(Word::Number(number)) => {
                serde_json::from_str(&number).map_err(|_| format!("no number: {number}"))
            }
            Some(Word::Name(name)) => Ok(match name.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => Value::String(name), // of an enumeration
            }),
            other => Err(format!("no value: {other:?}")),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.words.next() {
            Some(Word::Name(name)) => Ok(name),
            other => Err(format!("a name was expected, not {other:?}")),
        }
    }

    fn take(&mut self, mark: char) -> bool {
        self.words.next_if_eq(&Word::Mark(mark)).is_some()
    }

    fn expect(&mut self, mark: char) -> Result<(), String> {
        if self.take(mark) {
            return Ok(());
        }
        Err(format!("'{mark}' was expected, not {:?}", self.words.peek()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(operation: Operation) -> Vec<Field> {
        match operation {
            Operation::Query(fields) | Operation::Mutation(fields) => fields,
        }
    }

    /// A query as it was understood.
    fn told(fields: &[Field]) -> String {
        let one = |field: &Field| {
            let arguments = Some(&field.arguments).filter(|them| !them.is_empty());
            let arguments =
                arguments.map_or_else(String::new, |them| Value::from(them.clone()).to_string());
            let below = match field.fields.as_slice() {
                [] => String::new(),
                below => format!("[{}]", told(below)),
            };
            format!("{}={}{arguments}{below}", field.key, field.name)
        };
        fields.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn queries_are_read_with_aliases_arguments_variables_and_fragments() {
        let variables = json!({ "name": "shop", "limit": 25 });
        let table = [
            ("{ viewer { email } }", "viewer=viewer[email=email]"),
            (
                "query ($name: String!, $limit: Int! = 3) {\n a: app(name: $name) { id\n r: releases(first: $limit) { nodes { version } } } }",
                "a=app{\"name\":\"shop\"}[id=id r=releases{\"first\":25}[nodes=nodes[version=version]]]",
            ),
            (
                "query Named { apps(type: \"container\", first: 200, after: $none) { id } # a note\n }",
                "apps=apps{\"after\":null,\"first\":200,\"type\":\"container\"}[id=id]",
            ),
            (
                "{ viewer { ... on User { id, email } ... on Macaroon { email } } }",
                "viewer=viewer[id=id email=email email=email]",
            ),
            ("mutation { x(on: true, kind: BIG) }", "x=x{\"kind\":\"BIG\",\"on\":true}"),
            ("mutation { x(in: { a: 1, b: $name }) }", "x=x{\"in\":{\"a\":1,\"b\":\"shop\"}}"),
        ];
        for (query, wanted) in table {
            let read = parse(query, &variables).unwrap();
            let changes = matches!(read, Operation::Mutation(_));
            assert_eq!(changes, query.starts_with("mutation"), "{query}");
            assert_eq!(told(&fields(read)), wanted, "{query}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let broken = [
            "",
            "query",
            "{ app(name: \"x }",
            "{ app(name: ) { id } }",
            "{ app { ...named } }",
            "subscription { app }",
            "{ a } { b }",
            "{ a ",
        ];
        for query in broken {
            assert!(parse(query, &Value::Null).is_err(), "{query}");
        }
    }
}
