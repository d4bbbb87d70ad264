//! The JSON Schema of `pipeline.toml`, for editors. It is made of three things that each have another use: the types that the file is read into
//! (`shape.rs`), the reference (`reference.rs`), and the words that the checks know (`words.rs`).

mod reference;
mod shape;
mod words;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::REFERENCE;
use reference::Said;
use shape::{Key, Shape, join};

/// The sections that an environment overrides.
const SHARED: [&str; 4] = ["build", "gates", "rollback", "verify"];

/// Where a key that many tables have is explained.
const ALIKE: [(&str, &str); 4] = [
    ("gates.", "gates.format"),
    ("verify.journeys[].steps[]", "verify.smoke.checks[]"),
    ("verify.performance.endpoints[]", "verify.smoke.checks[]"),
    ("verify.watch", "verify.performance"),
];

/// All that is known of the keys of the file.
#[derive(Debug)]
pub(crate) struct Keys {
    shape: Shape,
    said: BTreeMap<String, Said>,
}

/// One key.
#[derive(Debug)]
pub(crate) struct Explained {
    /// Its path, with `*` for names of one's own and `[]` for the tables of a list.
    pub(crate) path: String,
    /// What it means.
    pub(crate) text: String,
    /// Its value if nobody says another.
    pub(crate) default: Option<toml::Value>,
    /// A value it could have.
    pub(crate) example: Option<toml::Value>,
    /// Its type, in a word.
    pub(crate) kind: &'static str,
    /// The words it may be.
    pub(crate) choices: Vec<&'static str>,
    /// The keys that it has itself, where it is a table.
    pub(crate) keys: Vec<String>,
}

impl Keys {
    pub(crate) fn known() -> Self {
        let shape = Shape::of_file();
        let said = reference::read(REFERENCE, &shape);
        Self { shape, said }
    }

    /// The JSON Schema.
    pub(crate) fn schema(&self) -> Value {
        let Shape::Table(keys) = &self.shape else { return json!(true) };
        let of = |key: &&Key| SHARED.contains(&&*key.name);
        let shared =
            keys.iter().filter(of).map(|it| (it.name.clone(), self.of(&it.name, &it.shape)));
        let mut schema = self.of("", &self.shape);
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["title"] = "pipeline.toml".into();
        schema["description"] = "How an application goes from a commit to verified production. Secrets never stand here: a key that ends in _env names an environment variable.".into();
        schema["$defs"] = shared.collect::<Map<_, _>>().into();
        schema
    }

    /// What is known of a key as a person writes it.
    pub(crate) fn explain(&self, written: &str) -> Option<Explained> {
        let names: Vec<&str> = written.split('.').collect();
        let (path, shape) = self.shape.find(&names)?;
        let said = self.said(&global(&path));
        let choices = words::choices(&global(&path)).unwrap_or_default();
        let keys = match shape {
            Shape::List(item) => item.names(),
            other => other.names(),
        };
        Some(Explained {
            text: said.text,
            default: said.default,
            example: said.example,
            kind: shape.kind(),
            choices,
            keys,
            path,
        })
    }

    /// The names that could have been meant where `written` is no key: those of the table that it was looked for in.
    pub(crate) fn beside(&self, written: &str) -> (String, Vec<String>) {
        let mut names: Vec<&str> = written.split('.').collect();
        names.pop();
        while self.shape.find(&names).is_none() {
            names.pop();
        }
        let table = self.shape.find(&names).map(|(_, shape)| match shape {
            Shape::List(item) => item.names(),
            other => other.names(),
        });
        (names.join("."), table.unwrap_or_default())
    }

    /// The schema of what stands at this path.
    fn of(&self, path: &str, shape: &Shape) -> Value {
        let mut schema = match shape {
            Shape::Any => words::several(path).unwrap_or(json!({})),
            Shape::Truth => json!({ "type": "boolean" }),
            Shape::Integer => json!({ "type": "integer" }),
            Shape::Number => json!({ "type": "number" }),
            Shape::Text => json!({ "type": "string" }),
            Shape::List(item) => {
                json!({ "type": "array", "items": self.of(&format!("{path}[]"), item) })
            }
            Shape::Map(item) => {
                let item = self.of(&join(path, "*"), item);
                json!({ "type": "object", "additionalProperties": item })
            }
            Shape::Table(keys) => self.table(path, keys),
        };
        if let Some(words) = words::choices(path) {
            schema["enum"] = words.into();
        }
        if let Some(names) = words::names(path) {
            schema["propertyNames"] = json!({ "enum": names });
        }
        schema
    }

    fn table(&self, path: &str, keys: &[Key]) -> Value {
        let required: Vec<&str> =
            keys.iter().filter(|it| it.required).map(|it| &*it.name).collect();
        let properties: Map<String, Value> = keys
            .iter()
            .map(|key| {
                let at = join(path, &key.name);
                let mut schema = match (path, SHARED.contains(&&*key.name)) {
                    ("" | "environments.*", true) => {
                        json!({ "$ref": format!("#/$defs/{}", key.name) })
                    }
                    _ => self.of(&at, &key.shape),
                };
                self.annotate(&mut schema, &at);
                (key.name.clone(), schema)
            })
            .collect();
        let mut table =
            json!({ "type": "object", "additionalProperties": false, "properties": properties });
        if !required.is_empty() {
            table["required"] = required.into();
        }
        table
    }

    fn annotate(&self, schema: &mut Value, path: &str) {
        let said = self.said(path);
        if !said.text.is_empty() {
            schema["description"] = said.text.into();
        }
        if let Some(default) = said.default.and_then(|it| serde_json::to_value(it).ok()) {
            schema["default"] = default;
        }
        if let Some(example) = said.example.and_then(|it| serde_json::to_value(it).ok()) {
            schema["examples"] = json!([example]);
        }
    }

    /// What the reference says of a key; where it says nothing, what it says of the one that is alike.
    fn said(&self, path: &str) -> Said {
        let own = self.said.get(path).cloned().unwrap_or_default();
        if let Some(text) = words::shown(path) {
            return Said { text: text.to_owned(), ..own };
        }
        if !own.text.is_empty() {
            return own;
        }
        let key = path.rsplit('.').next().unwrap_or(path);
        let alike = ALIKE.iter().filter(|(of, _)| path.starts_with(of));
        let mut alike = alike.filter_map(|(_, table)| self.said.get(&join(table, key)));
        let text = alike.find(|it| !it.text.is_empty()).map(|it| it.text.clone());
        Said { text: text.unwrap_or_default(), ..own }
    }
}

/// The same key where it is said for all environments.
fn global(path: &str) -> String {
    let inner = path.strip_prefix("environments.*.");
    let shared = inner.filter(|it| SHARED.iter().any(|of| it.split(['.', '[']).next() == Some(of)));
    shared.unwrap_or(path).to_owned()
}

impl Shape {
    /// The names of its keys.
    fn names(&self) -> Vec<String> {
        match self {
            Self::Table(keys) => keys.iter().map(|it| it.name.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// What a person calls it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Truth => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::List(item) if matches!(**item, Self::Table(_)) => "tables, as many as you like",
            Self::List(_) => "a list",
            Self::Map(_) => "a table with names of your own",
            Self::Table(_) => "a table",
        }
    }
}

#[cfg(test)]
mod tests;
