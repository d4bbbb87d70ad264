//! `[[verify.journeys]]` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Written;
use crate::config::raw::Text;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Journey {
    pub(in crate::config) name: Text,
    pub(in crate::config) required: Option<bool>,
    pub(in crate::config) per_machine: Option<bool>,
    #[serde(default)]
    pub(in crate::config) secrets: BTreeMap<String, Text>,
    #[serde(default)]
    pub(in crate::config) steps: Vec<Spanned<Step>>,
    pub(in crate::config) hurl: Option<Text>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Step {
    pub(in crate::config) name: Option<String>,
    pub(in crate::config) request: Option<Text>,
    pub(in crate::config) websocket: Option<Text>,
    pub(in crate::config) live: Option<Text>,
    pub(in crate::config) socket: Option<Text>,
    pub(in crate::config) headers: BTreeMap<String, Text>,
    pub(in crate::config) cookies: BTreeMap<String, Text>,
    pub(in crate::config) form: Option<BTreeMap<String, Text>>,
    pub(in crate::config) json: Option<Written>,
    pub(in crate::config) body: Option<Text>,
    pub(in crate::config) csrf: bool,
    pub(in crate::config) redirects: Option<u32>,
    pub(in crate::config) retries: Option<u32>,
    pub(in crate::config) timeout: Option<Text>,
    pub(in crate::config) status: Option<Written>,
    pub(in crate::config) json_path: BTreeMap<String, Written>,
    pub(in crate::config) response_headers: BTreeMap<String, Written>,
    pub(in crate::config) matches: Option<Written>,
    pub(in crate::config) not_matches: Option<Written>,
    pub(in crate::config) schema: Option<Text>,
    pub(in crate::config) took_at_most: Option<Text>,
    pub(in crate::config) body_at_most: Option<Spanned<usize>>,
    pub(in crate::config) capture: BTreeMap<String, Spanned<Capture>>,
    pub(in crate::config) protocols: Vec<String>,
    pub(in crate::config) send: Vec<Text>,
    pub(in crate::config) receive: Vec<Written>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Capture {
    pub(in crate::config) css: Option<String>,
    pub(in crate::config) attribute: Option<String>,
    pub(in crate::config) json_path: Option<String>,
    pub(in crate::config) regex: Option<String>,
    pub(in crate::config) header: Option<String>,
}
