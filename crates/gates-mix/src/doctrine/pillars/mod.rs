//! The pillars, one folder or file each.

mod names;
mod perf;
mod seal;
mod values;
mod zero;

use super::pillar::Pillar;

pub use perf::Perf;
pub use seal::Seal;
pub use zero::Zero;

/// What a team decided about single rules.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Is every sleep told, and an atom that is made of a literal?
    pub strict: bool,
}

/// All pillars that can be evaluated, the gravest first.
#[must_use]
pub fn standard(settings: &Settings) -> Vec<Box<dyn Pillar>> {
    let strict = settings.strict;
    vec![
        Box::new(Zero { strict_sleep: strict, strict_literals: strict }),
        Box::new(Seal::default()),
        Box::new(Perf),
    ]
}
