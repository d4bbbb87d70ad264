//! What an answer must be, as it is written. Nothing in it has a place of its own in the file: it may come out of a value.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Expect {
    pub(in crate::config) headers: BTreeMap<String, toml::Value>,
    pub(in crate::config) json: bool,
    pub(in crate::config) json_path: BTreeMap<String, toml::Value>,
    pub(in crate::config) json_schema: Option<String>,
    pub(in crate::config) matches: Vec<String>,
    pub(in crate::config) not_matches: Vec<String>,
    pub(in crate::config) took_at_most: Option<String>,
    pub(in crate::config) body_at_most: Option<usize>,
}

/// A rule about a header or about what a JSONPath finds, where it is not just the value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Want {
    pub(in crate::config) exists: Option<bool>,
    pub(in crate::config) matches: Option<String>,
    pub(in crate::config) equals: Option<toml::Value>,
    pub(in crate::config) count: Option<usize>,
}
