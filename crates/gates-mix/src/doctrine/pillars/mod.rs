//! The pillars, one file each.

mod docs;
mod nmnd;
mod nwb;
mod otel;
mod tach;
mod words;
mod zero;

use super::pillar::Pillar;

pub use docs::Docs;
pub use nmnd::Nmnd;
pub use nwb::Nwb;
pub use otel::Otel;
pub use tach::Tach;
pub use zero::Zero;

/// All pillars that can be evaluated, the gravest first.
#[must_use]
pub fn standard() -> Vec<Box<dyn Pillar>> {
    vec![
        Box::new(Zero::default()),
        Box::new(Tach::default()),
        Box::new(Docs::default()),
        Box::new(Nmnd::default()),
        Box::new(Otel),
        Box::new(Nwb),
    ]
}
