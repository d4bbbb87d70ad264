//! What an answer must be.

use std::ops::Range;

use toml::Value;
use verify_http::{Expect, HeaderRule, HeaderWant, JsonRule, JsonWant, RuleError, Schema, pattern};

use crate::config::check::{Check, Checked};
use crate::config::raw::{self, Text, Written};

impl Check<'_> {
    /// The rules as they are written; without a status, the usual one.
    pub(super) fn expect(&self, raw: raw::Rules<'_>, usual: u16) -> Checked<Expect> {
        let json_paths = raw.json_path.iter().map(|(path, it)| self.json_rule(path, it));
        let headers = raw.response_headers.iter().map(|(name, it)| self.header_rule(name, it));
        Ok(Expect {
            status: Some(self.statuses(raw.status, usual)?),
            headers: headers.collect::<Checked<_>>()?,
            json: raw.json,
            json_paths: json_paths.collect::<Checked<_>>()?,
            matches: self.patterns("matches", raw.matches)?,
            not_matches: self.patterns("not_matches", raw.not_matches)?,
            json_schema: raw.schema.map(|it| self.schema(it)).transpose()?,
            took_at_most: raw.took_at_most.map(|it| self.length(it)).transpose()?,
            body_at_most: raw.body_at_most.map(|it| *it.get_ref()),
        })
    }

    fn statuses(&self, raw: Option<&Written>, usual: u16) -> Checked<Vec<u16>> {
        let Some(raw) = raw else { return Ok(vec![usual]) };
        let one = |it: &Value| {
            let status = it.as_integer().and_then(|it| u16::try_from(it).ok());
            status
                .filter(|it| (100..=599).contains(it))
                .ok_or_else(|| self.error(Some(raw.span()), "a status is a number from 100 to 599"))
        };
        match raw.get_ref() {
            Value::Array(many) => many.iter().map(one).collect(),
            it => Ok(vec![one(it)?]),
        }
    }

    fn patterns(&self, key: &'static str, raw: Option<&Written>) -> Checked<Vec<regex::Regex>> {
        let Some(raw) = raw else { return Ok(Vec::new()) };
        let one = |it: &Value| {
            let text = it.as_str().ok_or_else(|| {
                let message = format!("{key} is a regular expression, or a list of them");
                self.error(Some(raw.span()), message)
            })?;
            self.ruled(raw.span(), pattern(key, text))
        };
        match raw.get_ref() {
            Value::Array(many) => many.iter().map(one).collect(),
            it => Ok(vec![one(it)?]),
        }
    }

    fn json_rule(&self, path: &str, raw: &Written) -> Checked<JsonRule> {
        let hint = "write a value, or one of { equals = … }, { matches = \"…\" }, { count = 2 }, { exists = true }, { absent = true }";
        let want = match raw.get_ref() {
            Value::Table(table) => match only(table) {
                Some(("equals", value)) => JsonWant::Equals(json(value)),
                Some(("matches", Value::String(text))) => {
                    JsonWant::Matches(self.ruled(raw.span(), pattern("json_path", text))?)
                }
                Some(("count", Value::Integer(count))) if *count >= 0 => {
                    JsonWant::Count(usize::try_from(*count).unwrap_or(usize::MAX))
                }
                Some(("exists", Value::Boolean(true))) => JsonWant::Exists,
                Some(("absent", Value::Boolean(true))) => JsonWant::Absent,
                _ => {
                    let message = format!("what `{path}` must find is not to be understood");
                    return Err(self.error(Some(raw.span()), message).hint(hint));
                }
            },
            value => JsonWant::Equals(json(value)),
        };
        self.ruled(raw.span(), JsonRule::new(path, want))
    }

    fn header_rule(&self, name: &str, raw: &Written) -> Checked<HeaderRule> {
        let hint =
            "write a text, or one of { matches = \"…\" }, { exists = true }, { absent = true }";
        let want = match raw.get_ref() {
            Value::String(text) => HeaderWant::Equals(text.clone()),
            Value::Table(table) => match only(table) {
                Some(("matches", Value::String(text))) => {
                    HeaderWant::Matches(self.ruled(raw.span(), pattern("response_headers", text))?)
                }
                Some(("exists", Value::Boolean(true))) => HeaderWant::Present,
                Some(("absent", Value::Boolean(true))) => HeaderWant::Absent,
                _ => return Err(self.no_header_rule(name, raw).hint(hint)),
            },
            _ => return Err(self.no_header_rule(name, raw).hint(hint)),
        };
        self.ruled(raw.span(), HeaderRule::new(name, want))
    }

    fn no_header_rule(&self, name: &str, raw: &Written) -> Box<crate::error::ConfigError> {
        self.error(
            Some(raw.span()),
            format!("what the header {name} must be is not to be understood"),
        )
    }

    /// A schema in a file, beside this one unless it says otherwise.
    fn schema(&self, raw: &Text) -> Checked<Schema> {
        let refused = |why: String| {
            self.error(Some(raw.span()), format!("the schema {}: {why}", raw.get_ref()))
        };
        let text = self.beside(raw.get_ref()).map_err(|error| refused(error.to_string()))?;
        let schema = serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
        self.ruled(raw.span(), Schema::new(raw.get_ref(), &schema))
    }

    /// The text of a file beside this one, unless its path says otherwise.
    pub(super) fn beside(&self, path: &str) -> std::io::Result<String> {
        let dir = self.file.path.parent().unwrap_or(std::path::Path::new("."));
        std::fs::read_to_string(dir.join(path))
    }

    fn ruled<T>(&self, span: Range<usize>, rule: Result<T, RuleError>) -> Checked<T> {
        rule.map_err(|error| self.error(Some(span), error.to_string()))
    }
}

/// The one key of a table and its value.
fn only(table: &toml::Table) -> Option<(&str, &Value)> {
    let mut keys = table.iter();
    keys.next().filter(|_| table.len() == 1).map(|(key, value)| (key.as_str(), value))
}

/// The same value in JSON; a time is a text there.
pub(super) fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(many) => many.iter().map(json).collect(),
        Value::Table(table) => table.iter().map(|(key, it)| (key.clone(), json(it))).collect(),
        Value::String(text) => text.clone().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(truth) => (*truth).into(),
    }
}
