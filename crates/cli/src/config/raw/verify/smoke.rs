//! `[verify.smoke]` as it is written.

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
    pub(in crate::config) per_machine: Option<bool>,
    pub(in crate::config) checks: Option<Vec<SmokeCheck>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct SmokeCheck {
    pub(in crate::config) path: Text,
    pub(in crate::config) status: Option<Spanned<u16>>,
    #[serde(default)]
    pub(in crate::config) json: bool,
    pub(in crate::config) bearer_env: Option<Text>,
}

impl Over for Smoke {
    fn over(self, base: &Self) -> Self {
        Self {
            within: self.within.or_else(|| base.within.clone()),
            attempt_timeout: self.attempt_timeout.or_else(|| base.attempt_timeout.clone()),
            retry_every: self.retry_every.or_else(|| base.retry_every.clone()),
            consecutive: self.consecutive.or_else(|| base.consecutive.clone()),
            per_machine: self.per_machine.or(base.per_machine),
            checks: self.checks.or_else(|| base.checks.clone()),
        }
    }
}
