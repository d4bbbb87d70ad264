//! `[verify.smoke]` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::config::raw::{Over, Text};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Smoke {
    pub(in crate::config) within: Option<Text>,
    pub(in crate::config) attempt_timeout: Option<Text>,
    pub(in crate::config) retry_every: Option<Text>,
    pub(in crate::config) consecutive: Option<Spanned<std::num::NonZeroU32>>,
    pub(in crate::config) consecutive_bad: Option<Spanned<std::num::NonZeroU32>>,
    pub(in crate::config) per_machine: Option<bool>,
    pub(in crate::config) checks: Option<Vec<SmokeCheck>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct SmokeCheck {
    pub(in crate::config) path: Text,
    pub(in crate::config) name: Option<Text>,
    #[serde(default)]
    pub(in crate::config) headers: BTreeMap<String, Text>,
    pub(in crate::config) bearer_env: Option<Text>,
    pub(in crate::config) redirects: Option<u32>,
    /// A number or a list of them.
    pub(in crate::config) status: Option<Spanned<toml::Value>>,
    #[serde(default)]
    pub(in crate::config) json: bool,
    /// To a value, or to a table of what is wanted instead.
    #[serde(default)]
    pub(in crate::config) json_path: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    pub(in crate::config) response_headers: BTreeMap<String, Spanned<toml::Value>>,
    /// A text or a list of them.
    pub(in crate::config) matches: Option<Spanned<toml::Value>>,
    pub(in crate::config) not_matches: Option<Spanned<toml::Value>>,
    pub(in crate::config) schema: Option<Text>,
    pub(in crate::config) took_at_most: Option<Text>,
    pub(in crate::config) body_at_most: Option<Spanned<usize>>,
    pub(in crate::config) tls_expires_after: Option<Text>,
    pub(in crate::config) echoes: Option<Spanned<Echoes>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Echoes {
    pub(in crate::config) what: Text,
    pub(in crate::config) json_path: Option<Text>,
    pub(in crate::config) header: Option<Text>,
    pub(in crate::config) regex: Option<Text>,
}

impl Over for Smoke {
    fn over(self, base: &Self) -> Self {
        Self {
            within: self.within.or_else(|| base.within.clone()),
            attempt_timeout: self.attempt_timeout.or_else(|| base.attempt_timeout.clone()),
            retry_every: self.retry_every.or_else(|| base.retry_every.clone()),
            consecutive: self.consecutive.or_else(|| base.consecutive.clone()),
            consecutive_bad: self.consecutive_bad.or_else(|| base.consecutive_bad.clone()),
            per_machine: self.per_machine.or(base.per_machine),
            checks: self.checks.or_else(|| base.checks.clone()),
        }
    }
}
