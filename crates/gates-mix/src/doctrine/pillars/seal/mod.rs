//! SEAL: nothing by which others get in: secrets in files, and code made of foreign text.

mod injection;

use pipeline_core::Level;

use crate::doctrine::{Codebase, Found, Pillar, Role, Rule, Source};

/// The pillar SEAL.
#[derive(Clone, Debug, Default)]
pub struct Seal {}

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
        injection::RULES.to_vec()
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        if source.is_lib() || source.role == Role::Script && source.is_migration() {
            injection::code(source, found);
        }
        injection::markup(source, found);
    }
}
