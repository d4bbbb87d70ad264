//! `[rollback]` as it is written.

use serde::Deserialize;
use toml::Spanned;

use crate::config::raw::{Over, Text};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Rollback {
    pub(in crate::config) window: Option<Text>,
    pub(in crate::config) irreversible: Option<Text>,
    pub(in crate::config) triggers: Vec<RollbackTrigger>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RollbackTrigger {
    pub(in crate::config) when: Text,
    pub(in crate::config) above: Option<Spanned<f64>>,
    pub(in crate::config) action: Text,
}

impl Over for Rollback {
    /// Triggers row by row: what an environment says of one goes before what the file says of it.
    fn over(self, base: &Self) -> Self {
        let says = |it: &RollbackTrigger| self.triggers.iter().any(|own| own.when == it.when);
        let kept = base.triggers.iter().filter(|it| !says(it)).cloned();
        Self {
            triggers: kept.chain(self.triggers.iter().cloned()).collect(),
            window: self.window.or_else(|| base.window.clone()),
            irreversible: self.irreversible.or_else(|| base.irreversible.clone()),
        }
    }
}
