//! `[verify.watch]` as it is written.

use std::num::NonZeroUsize;

use serde::Deserialize;
use toml::Spanned;

use crate::config::raw::{Over, Text};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Watch {
    pub(in crate::config) path: Option<Text>,
    pub(in crate::config) also: Option<Vec<Text>>,
    pub(in crate::config) bearer_env: Option<Text>,
    pub(in crate::config) window: Option<Text>,
    pub(in crate::config) every: Option<Text>,
    pub(in crate::config) timeout: Option<Text>,
    pub(in crate::config) per_machine: Option<bool>,
    pub(in crate::config) down_for: Option<Text>,
    pub(in crate::config) consecutive: Option<Spanned<NonZeroUsize>>,
    pub(in crate::config) error_rate: Option<Spanned<f64>>,
    pub(in crate::config) sustained_error_rate: Option<Spanned<f64>>,
    pub(in crate::config) latency: Option<Text>,
}

impl Over for Watch {
    fn over(self, base: &Self) -> Self {
        Self {
            path: self.path.or_else(|| base.path.clone()),
            also: self.also.or_else(|| base.also.clone()),
            bearer_env: self.bearer_env.or_else(|| base.bearer_env.clone()),
            window: self.window.or_else(|| base.window.clone()),
            every: self.every.or_else(|| base.every.clone()),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
            per_machine: self.per_machine.or(base.per_machine),
            down_for: self.down_for.or_else(|| base.down_for.clone()),
            consecutive: self.consecutive.or_else(|| base.consecutive.clone()),
            error_rate: self.error_rate.or_else(|| base.error_rate.clone()),
            sustained_error_rate: self
                .sustained_error_rate
                .or_else(|| base.sustained_error_rate.clone()),
            latency: self.latency.or_else(|| base.latency.clone()),
        }
    }
}
