//! `[gates.doctrine]` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Over, Text};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Doctrine {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) required: Option<bool>,
    pub(in crate::config) timeout: Option<Text>,
    pub(in crate::config) with: Option<Text>,
    pub(in crate::config) only: Option<Vec<Text>>,
    pub(in crate::config) exclude: Option<Vec<Text>>,
    pub(in crate::config) demand_reasons: Option<bool>,
    pub(in crate::config) rules_folder: Option<Text>,
    pub(in crate::config) levels: BTreeMap<String, Text>,
    pub(in crate::config) strict: Option<bool>,
    pub(in crate::config) rules: Option<Vec<Spanned<Rule>>>,
}

/// A rule of the team's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Rule {
    pub(in crate::config) id: Text,
    pub(in crate::config) message: String,
    #[serde(default)]
    pub(in crate::config) remedy: String,
    pub(in crate::config) level: Option<Text>,
    pub(in crate::config) code: Option<Text>,
    pub(in crate::config) comment: Option<Text>,
    pub(in crate::config) text: Option<Text>,
    pub(in crate::config) files: Option<Vec<Text>>,
    #[serde(default)]
    pub(in crate::config) except: Vec<Text>,
}

/// A file of a rules folder.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct RulesFile {
    pub(in crate::config) rules: Vec<Spanned<Rule>>,
}

impl Over for Doctrine {
    fn over(self, base: &Self) -> Self {
        let mut levels = base.levels.clone();
        levels.extend(self.levels);
        Self {
            enabled: self.enabled.or(base.enabled),
            required: self.required.or(base.required),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
            with: self.with.or_else(|| base.with.clone()),
            only: self.only.or_else(|| base.only.clone()),
            exclude: self.exclude.or_else(|| base.exclude.clone()),
            demand_reasons: self.demand_reasons.or(base.demand_reasons),
            rules_folder: self.rules_folder.or_else(|| base.rules_folder.clone()),
            levels,
            strict: self.strict.or(base.strict),
            rules: self.rules.or_else(|| base.rules.clone()),
        }
    }
}
