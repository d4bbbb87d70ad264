//! The pillars, one folder or file each.

mod dependencies;
mod fllm;
mod gitl;
mod html;
mod hygiene;
mod know;
mod m5m;
mod nclb;
mod nllb;
mod page;
mod perf;
mod rdme;
mod seal;
mod values;
mod zero;

use super::pillar::Pillar;
use crate::security::SecretRules;

pub use dependencies::Deps;
pub use fllm::Fllm;
pub use gitl::Gitl;
pub use hygiene::Hygiene;
pub use know::Know;
pub use m5m::M5m;
pub use nclb::Nclb;
pub use nllb::Nllb;
pub use perf::Perf;
pub use rdme::Rdme;
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
        Box::new(Deps::default()),
        Box::new(Rdme),
        Box::new(Hygiene::default()),
        Box::new(Gitl::default()),
        Box::new(Know::default()),
        Box::new(Nclb::default()),
        Box::new(Nllb),
        Box::new(Fllm::default()),
        Box::new(M5m::default()),
    ]
}
