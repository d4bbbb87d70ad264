//! What an answer must be.

use std::ops::Range;

use serde::Deserialize;
use verify_http::{Expect, HeaderRule, HeaderWant, JsonRule, JsonWant, RuleError, Schema, pattern};

use crate::config::check::{Check, Checked};
use crate::config::raw;
use crate::error::ConfigError;

/// Where in the file it stands.
type Span = Option<Range<usize>>;

impl Check<'_> {
    /// What is said apart from the status.
    pub(super) fn expect(&self, raw: raw::Expect, span: &Span) -> Checked<Expect> {
        let bad = |error: RuleError| self.error(span.clone(), error.to_string());
        let texts = |key, texts: Vec<String>| {
            texts.iter().map(|it| pattern(key, it)).collect::<Result<_, _>>().map_err(bad)
        };
        let headers = raw.headers.into_iter();
        let paths = raw.json_path.into_iter();
        Ok(Expect {
            status: None,
            headers: headers.map(|it| self.header_rule(it, span)).collect::<Checked<_>>()?,
            json: raw.json,
            json_paths: paths.map(|it| self.json_rule(it, span)).collect::<Checked<_>>()?,
            matches: texts("matches", raw.matches)?,
            not_matches: texts("not_matches", raw.not_matches)?,
            json_schema: raw.json_schema.map(|it| self.schema(&it, span)).transpose()?,
            took_at_most: raw.took_at_most.map(|it| self.length_at(&it, span)).transpose()?,
            body_at_most: raw.body_at_most,
        })
    }

    fn header_rule(
        &self,
        (name, value): (String, toml::Value),
        span: &Span,
    ) -> Checked<HeaderRule> {
        let want = match value {
            toml::Value::String(text) => HeaderWant::Equals(text),
            other => match self.rule(&name, other, span)? {
                raw::Want { exists: Some(true), .. } => HeaderWant::Present,
                raw::Want { exists: Some(false), .. } => HeaderWant::Absent,
                raw::Want { matches: Some(text), .. } => {
                    let regex = pattern("headers", &text);
                    HeaderWant::Matches(
                        regex.map_err(|it| self.error(span.clone(), it.to_string()))?,
                    )
                }
                _ => return Err(self.no_rule(&name, span)),
            },
        };
        HeaderRule::new(&name, want).map_err(|it| self.error(span.clone(), it.to_string()))
    }

    fn json_rule(&self, (path, value): (String, toml::Value), span: &Span) -> Checked<JsonRule> {
        let want = if value.is_table() {
            match self.rule(&path, value, span)? {
                raw::Want { exists: Some(true), .. } => JsonWant::Exists,
                raw::Want { exists: Some(false), .. } => JsonWant::Absent,
                raw::Want { matches: Some(text), .. } => {
                    let regex = pattern("json_path", &text);
                    JsonWant::Matches(regex.map_err(|it| self.error(span.clone(), it.to_string()))?)
                }
                raw::Want { equals: Some(value), .. } => {
                    JsonWant::Equals(self.value(&value, span)?)
                }
                raw::Want { count: Some(count), .. } => JsonWant::Count(count),
                _ => return Err(self.no_rule(&path, span)),
            }
        } else {
            JsonWant::Equals(self.value(&value, span)?)
        };
        JsonRule::new(&path, want).map_err(|it| self.error(span.clone(), it.to_string()))
    }

    fn rule(&self, name: &str, value: toml::Value, span: &Span) -> Checked<raw::Want> {
        let keys = value.as_table().map_or(0, toml::Table::len);
        if keys != 1 {
            return Err(self.no_rule(name, span));
        }
        raw::Want::deserialize(value).map_err(|it| {
            self.error(span.clone(), format!("the rule for `{name}`: {}", it.message()))
        })
    }

    fn no_rule(&self, name: &str, span: &Span) -> Box<ConfigError> {
        self.error(span.clone(), format!("the rule for `{name}` is none that can be kept"))
            .hint("write the value that is wanted, or one of { exists = true }, { matches = \"…\" }, { count = 3 }")
    }

    /// A value of TOML as one of JSON.
    pub(super) fn value(&self, value: &toml::Value, span: &Span) -> Checked<serde_json::Value> {
        serde_json::to_value(value).map_err(|it| self.error(span.clone(), it.to_string()))
    }

    fn schema(&self, path: &str, span: &Span) -> Checked<Schema> {
        let text = self.beside(path, span)?;
        let parsed = serde_json::from_str(&text);
        let parsed =
            parsed.map_err(|it| self.error(span.clone(), format!("{path} is no JSON: {it}")))?;
        Schema::new(path, &parsed).map_err(|it| self.error(span.clone(), it.to_string()))
    }

    /// The text of a file beside this one.
    pub(super) fn beside(&self, path: &str, span: &Span) -> Checked<String> {
        let dir = self.file.path.parent().unwrap_or(std::path::Path::new("."));
        let read = std::fs::read_to_string(dir.join(path));
        read.map_err(|it| self.error(span.clone(), format!("{path} cannot be read: {it}")))
    }

    fn length_at(&self, text: &str, span: &Span) -> Checked<std::time::Duration> {
        let start = span.clone().unwrap_or_default();
        self.length(&toml::Spanned::new(start, text.to_owned()))
    }
}
