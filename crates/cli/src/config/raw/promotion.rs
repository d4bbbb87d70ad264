//! `[environments.ENV.promotion]` and `[[environments.ENV.freeze]]` as they are written.

use serde::Deserialize;
use toml::Spanned;

use crate::config::raw::Text;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Promotion {
    pub(in crate::config) from: Option<Text>,
    pub(in crate::config) same_revision: Option<Spanned<bool>>,
    pub(in crate::config) max_age: Option<Text>,
    pub(in crate::config) must_run: Option<Spanned<bool>>,
    pub(in crate::config) clean_tree: Option<bool>,
    pub(in crate::config) pushed: Option<bool>,
    pub(in crate::config) remote: Option<Text>,
    pub(in crate::config) tagged: Option<Text>,
    pub(in crate::config) branches: Vec<Text>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Freeze {
    pub(in crate::config) from: Option<Spanned<toml::Value>>,
    pub(in crate::config) to: Option<Spanned<toml::Value>>,
    pub(in crate::config) days: Option<Vec<Text>>,
    pub(in crate::config) zone: Option<Text>,
    pub(in crate::config) reason: Option<Text>,
}
