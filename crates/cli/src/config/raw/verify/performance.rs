//! `[verify.performance]` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::config::raw::{Over, Text};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Performance {
    pub(in crate::config) alert: Option<Spanned<f64>>,
    pub(in crate::config) rollback: Option<Spanned<f64>>,
    pub(in crate::config) floor: Option<Text>,
    pub(in crate::config) rate: Option<Spanned<f64>>,
    pub(in crate::config) capacity: Option<Spanned<f64>>,
    pub(in crate::config) per_machine: Option<bool>,
    pub(in crate::config) warm_up: Option<Spanned<usize>>,
    pub(in crate::config) within: Option<Text>,
    pub(in crate::config) timeout: Option<Text>,
    pub(in crate::config) baseline_requests: Option<Spanned<usize>>,
    pub(in crate::config) cold_start: Option<Text>,
    pub(in crate::config) endpoints: Option<Vec<Endpoint>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Endpoint {
    pub(in crate::config) path: Text,
    pub(in crate::config) name: Option<String>,
    pub(in crate::config) method: Option<Text>,
    #[serde(default)]
    pub(in crate::config) headers: BTreeMap<Text, String>,
    pub(in crate::config) bearer_env: Option<Text>,
    pub(in crate::config) status: Option<Spanned<u16>>,
    pub(in crate::config) baseline: Option<Text>,
    pub(in crate::config) measure: Option<Text>,
    pub(in crate::config) critical: Option<bool>,
}

impl Over for Performance {
    fn over(self, base: &Self) -> Self {
        Self {
            alert: self.alert.or_else(|| base.alert.clone()),
            rollback: self.rollback.or_else(|| base.rollback.clone()),
            floor: self.floor.or_else(|| base.floor.clone()),
            rate: self.rate.or_else(|| base.rate.clone()),
            capacity: self.capacity.or_else(|| base.capacity.clone()),
            per_machine: self.per_machine.or(base.per_machine),
            warm_up: self.warm_up.or_else(|| base.warm_up.clone()),
            within: self.within.or_else(|| base.within.clone()),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
            baseline_requests: self.baseline_requests.or_else(|| base.baseline_requests.clone()),
            cold_start: self.cold_start.or_else(|| base.cold_start.clone()),
            endpoints: self.endpoints.or_else(|| base.endpoints.clone()),
        }
    }
}
