//! A JSON path: parsed once, then asked of many bodies.

use std::fmt;

use jsonpath_rust::parser::errors::JsonPathError;
use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use super::RuleError;

/// A JSON path (RFC 9535), such as `$.checks.database.status`.
#[derive(Clone, Debug)]
pub struct JsonPath {
    text: String,
    query: JpQuery,
}

impl JsonPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let refused = |reason: String| RuleError::JsonPath { path: text.to_owned(), reason };
        if !text.starts_with('$') {
            return Err(refused("it does not begin with `$`".into()));
        }
        let query = parse_json_path(text).map_err(|error| match error {
            JsonPathError::PestError(error) => refused(error.variant.message().into_owned()),
            other => refused(other.to_string()),
        })?;
        Ok(Self { text: text.to_owned(), query })
    }

    /// All that it finds, in the order of the body.
    pub(crate) fn find<'v>(&self, body: &'v Value) -> Vec<&'v Value> {
        // The one error is of a path that makes values of its own, which no path that parses does.
        let found = js_path_process(&self.query, body).unwrap_or_default();
        found.into_iter().map(|it| it.val).collect()
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
