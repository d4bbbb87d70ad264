//! The pillars, one folder or file each.

mod perf;
mod seal;
mod values;
mod zero;

use super::pillar::Pillar;

pub use perf::Perf;
pub use seal::Seal;
pub use zero::Zero;

/// All pillars that can be evaluated, the gravest first.
#[must_use]
pub fn standard() -> Vec<Box<dyn Pillar>> {
    vec![Box::new(Zero::default()), Box::new(Seal::default()), Box::new(Perf)]
}
