//! `[[notify]]` as it is written.

use serde::Deserialize;
use toml::Spanned;

use crate::config::raw::Text;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Notify {
    pub(in crate::config) on: Option<Vec<Text>>,
    pub(in crate::config) environments: Option<Vec<Text>>,
    pub(in crate::config) webhook_env: Option<String>,
    pub(in crate::config) secret_env: Option<Text>,
    pub(in crate::config) slack_env: Option<String>,
    pub(in crate::config) command: Option<Spanned<Vec<String>>>,
    pub(in crate::config) repository: Option<Text>,
    pub(in crate::config) token_env: Option<Text>,
    pub(in crate::config) api: Option<Text>,
}
