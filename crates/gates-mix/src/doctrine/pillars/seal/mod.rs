//! SEAL: nothing by which others get in: secrets in files, and code made of foreign text.

mod injection;
mod secrets;

use std::sync::LazyLock;

use pipeline_core::Level;

use crate::security::SecretRules;

use crate::doctrine::{Codebase, Found, Pillar, Role, Rule, Source};

/// The pillar SEAL.
#[derive(Clone, Debug, Default)]
pub struct Seal {
    /// What is taken for a secret; our own rules if not said.
    pub secrets: Option<SecretRules>,
}

impl Pillar for Seal {
    fn code(&self) -> &'static str {
        "SEAL"
    }

    fn name(&self) -> &'static str {
        "Security Lock"
    }

    fn level(&self) -> Level {
        Level::Blocking
    }

    fn rules(&self) -> Vec<Rule> {
        [&injection::RULES[..], &secrets::RULES].concat()
    }

    fn prepare(&self) {
        if self.secrets.is_none() {
            LazyLock::force(&secrets::OURS);
        }
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        let is_script = || {
            source.is_migration()
                || source.path.starts_with("rel/")
                || source.path.contains("/rel/")
        };
        let looks = match source.role {
            Role::Lib | Role::Config | Role::MixExs => true,
            Role::Script => is_script(),
            _ => false,
        };
        if looks {
            injection::code(source, found);
        }
        injection::markup(source, found);
        if let Some(rules) = self.secrets.as_ref().or(secrets::OURS.as_ref()) {
            secrets::look(source, rules, found);
        }
    }
}
