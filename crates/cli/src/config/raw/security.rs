//! `[gates.security]` as it is written.

use serde::Deserialize;

use super::{Over, Text};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Security {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) required: Option<bool>,
    pub(in crate::config) timeout: Option<Text>,
    pub(in crate::config) advisories: Option<Text>,
    pub(in crate::config) osv_url: Option<Text>,
    pub(in crate::config) max_age: Option<Text>,
    pub(in crate::config) max_stale: Option<Text>,
    pub(in crate::config) block_at: Option<Text>,
    pub(in crate::config) retired: Option<bool>,
    pub(in crate::config) secrets: Option<bool>,
    pub(in crate::config) history: Option<bool>,
    pub(in crate::config) gitleaks: Option<Text>,
    pub(in crate::config) ignore: Option<Vec<Ignore>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Ignore {
    pub(in crate::config) id: Text,
    pub(in crate::config) reason: String,
    pub(in crate::config) until: Option<Text>,
}

impl Over for Security {
    fn over(self, base: &Self) -> Self {
        Self {
            enabled: self.enabled.or(base.enabled),
            required: self.required.or(base.required),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
            advisories: self.advisories.or_else(|| base.advisories.clone()),
            osv_url: self.osv_url.or_else(|| base.osv_url.clone()),
            max_age: self.max_age.or_else(|| base.max_age.clone()),
            max_stale: self.max_stale.or_else(|| base.max_stale.clone()),
            block_at: self.block_at.or_else(|| base.block_at.clone()),
            retired: self.retired.or(base.retired),
            secrets: self.secrets.or(base.secrets),
            history: self.history.or(base.history),
            gitleaks: self.gitleaks.or_else(|| base.gitleaks.clone()),
            ignore: self.ignore.or_else(|| base.ignore.clone()),
        }
    }
}
