//! `pipeline.toml` as it is written: every key optional, unknown ones refused.

mod doctrine;
mod gates;
mod notify;
mod promotion;
mod rollback;
mod security;
mod verify;

pub(super) use doctrine::{Doctrine, Rule, RulesFile};
pub(super) use gates::{Exec, Gate, Gates, HealthScore};
pub(super) use notify::Notify;
pub(super) use promotion::{Freeze, Promotion};
pub(super) use rollback::{Rollback, RollbackTrigger};
pub(super) use security::{Ignore, Security};
pub(super) use verify::{
    Capture, Echoes, Endpoint, Journey, Performance, Rules, Smoke, SmokeCheck, Step, Verify, Watch,
    Written,
};

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
    pub(super) rollback: Rollback,
    pub(super) notify: Vec<Spanned<Notify>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Store {
    pub(super) url: Option<Text>,
    pub(super) url_env: Option<Text>,
    pub(super) keep: Option<Spanned<u32>>,
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
    pub(super) rollback: Rollback,
    pub(super) promotion: Promotion,
    pub(super) freeze: Vec<Spanned<Freeze>>,
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
