//! `pipeline.toml` as it is written: every key optional, unknown ones refused.

mod doctrine;
mod gates;
mod security;

pub(super) use doctrine::{Doctrine, Rule, RulesFile};
pub(super) use gates::{Exec, Gate, Gates, HealthScore};
pub(super) use security::{Ignore, Security};

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A text with its place in the file.
pub(super) type Text = Spanned<String>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    pub(super) store: Store,
    pub(super) gates: Gates,
    pub(super) build: Build,
    pub(super) environments: BTreeMap<String, Spanned<Environment>>,
    pub(super) verify: Verify,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Store {
    pub(super) url: Option<Text>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Environment {
    pub(super) target: Option<Text>,
    pub(super) app: Option<Text>,
    pub(super) config: Option<Text>,
    pub(super) url: Option<Text>,
    pub(super) probe_url: Option<Text>,
    pub(super) strategy: Option<Text>,
    pub(super) confirm: Option<Spanned<toml::Value>>,
    pub(super) ha: Option<bool>,
    pub(super) wait_timeout: Option<Text>,
    pub(super) deadline: Option<Text>,
    pub(super) bake: Option<Text>,
    pub(super) unreachable: Option<Text>,
    pub(super) paced: Option<bool>,
    pub(super) poll: Option<Text>,
    pub(super) lease_ttl: Option<Text>,
    pub(super) drain: Option<Text>,
    pub(super) gates: Gates,
    pub(super) build: Build,
    pub(super) verify: Verify,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Build {
    pub(super) with: Option<Text>,
    pub(super) program: Option<Text>,
    pub(super) dockerfile: Option<Text>,
    pub(super) target: Option<Text>,
    pub(super) args: BTreeMap<String, String>,
    pub(super) remote: Option<bool>,
    pub(super) timeout: Option<Text>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Verify {
    pub(super) smoke: Smoke,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Smoke {
    pub(super) within: Option<Text>,
    pub(super) attempt_timeout: Option<Text>,
    pub(super) retry_every: Option<Text>,
    pub(super) consecutive: Option<Spanned<std::num::NonZeroU32>>,
    pub(super) per_machine: Option<bool>,
    pub(super) checks: Option<Vec<SmokeCheck>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SmokeCheck {
    pub(super) path: Text,
    pub(super) status: Option<Spanned<u16>>,
    #[serde(default)]
    pub(super) json: bool,
    pub(super) bearer_env: Option<Text>,
}

/// What an environment says goes before what the file says for all of them, key by key.
pub(super) trait Over {
    fn over(self, base: &Self) -> Self;
}

impl Over for Build {
    fn over(self, base: &Self) -> Self {
        let mut args = base.args.clone();
        args.extend(self.args);
        Self {
            with: self.with.or_else(|| base.with.clone()),
            program: self.program.or_else(|| base.program.clone()),
            dockerfile: self.dockerfile.or_else(|| base.dockerfile.clone()),
            target: self.target.or_else(|| base.target.clone()),
            args,
            remote: self.remote.or(base.remote),
            timeout: self.timeout.or_else(|| base.timeout.clone()),
        }
    }
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
