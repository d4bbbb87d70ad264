//! What a JSON path must find.

use std::fmt;

use regex::Regex;
use serde_json::Value;

use super::{Difference, JsonPath, Part, RuleError};

/// How many of the values that a path finds are shown.
const SHOWN: usize = 3;

/// What one JSON path must find in a body.
#[derive(Clone, Debug)]
pub struct JsonRule {
    path: JsonPath,
    want: JsonWant,
}

/// What is wanted of what a path finds. Where it finds several values, all of them must be right.
#[derive(Clone, Debug)]
pub enum JsonWant {
    /// It finds something, if only `null`.
    Exists,
    /// It finds nothing.
    Absent,
    /// It finds this. Numbers are equal by their value: `1` is `1.0`.
    Equals(Value),
    /// It finds something whose text matches; what is no string is matched as JSON.
    Matches(Regex),
    /// It finds so many values: `$.items[*]` counts the items, `$.items` finds one array.
    Count(usize),
}

impl JsonRule {
    /// The path must find this.
    pub fn new(path: &str, want: JsonWant) -> Result<Self, RuleError> {
        Ok(Self { path: JsonPath::parse(path)?, want })
    }

    pub(super) fn difference(&self, body: &Value) -> Option<Difference> {
        let found = self.path.find(body);
        let wrong: Vec<&Value> = found.iter().copied().filter(|it| !self.want.allows(it)).collect();
        let fits = match self.want {
            JsonWant::Absent => found.is_empty(),
            JsonWant::Count(wanted) => found.len() == wanted,
            _ => !found.is_empty() && wrong.is_empty(),
        };
        if fits {
            return None;
        }
        let got = self.got(&found, &wrong);
        Some(Difference::certain(Part::Body, got, self.want.to_string()))
    }

    fn got(&self, found: &[&Value], wrong: &[&Value]) -> String {
        let path = &self.path;
        match (&self.want, found) {
            (_, []) => format!("`{path}` finds nothing"),
            (JsonWant::Count(_), [Value::Array(items)]) => format!(
                "`{path}` finds 1 value, an array of {} (`{path}[*]` counts those)",
                items.len()
            ),
            (JsonWant::Count(_), _) => format!("`{path}` finds {}", values(found.len())),
            (JsonWant::Absent, _) => format!("`{path}` is {}", list(found)),
            (_, [_]) => format!("`{path}` is {}", list(wrong)),
            _ => format!("`{path}` finds {}, among them {}", values(found.len()), list(wrong)),
        }
    }
}

impl JsonWant {
    /// Is this one value right?
    fn allows(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => same(value, wanted),
            Self::Matches(wanted) => wanted.is_match(&text_of(value)),
            Self::Exists | Self::Absent | Self::Count(_) => true,
        }
    }
}

impl fmt::Display for JsonWant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("it to be there"),
            Self::Absent => f.write_str("nothing"),
            Self::Equals(wanted) => write!(f, "{wanted}"),
            Self::Matches(wanted) => write!(f, "a match of `{wanted}`"),
            Self::Count(wanted) => write!(f, "{wanted}"),
        }
    }
}

/// A value as text: a string without its quotation marks, anything else as JSON.
pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Are they the same, `1` and `1.0` too?
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

fn values(count: usize) -> String {
    format!("{count} value{}", if count == 1 { "" } else { "s" })
}

fn list(values: &[&Value]) -> String {
    let mut shown: Vec<_> = values.iter().take(SHOWN).map(ToString::to_string).collect();
    if values.len() > SHOWN {
        shown.push(format!("{} more", values.len() - SHOWN));
    }
    shown.join(", ")
}
