//! The pillars, one folder or file each.

mod perf;
mod seal;
mod values;
mod zero;

use super::pillar::Pillar;
use crate::security::SecretRules;

pub use perf::Perf;
pub use seal::Seal;
pub use zero::Zero;

/// What a team decided about single rules.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Is every sleep told, and an atom that is made of a literal?
    pub strict: bool,
    /// What is taken for a secret; our own rules if not said.
    pub secrets: Option<SecretRules>,
}

/// All pillars that can be evaluated, the gravest first.
#[must_use]
pub fn standard(settings: &Settings) -> Vec<Box<dyn Pillar>> {
    let strict = settings.strict;
    vec![
        Box::new(Zero { strict_sleep: strict, strict_literals: strict }),
        Box::new(Seal { secrets: settings.secrets.clone() }),
        Box::new(Perf),
    ]
}
