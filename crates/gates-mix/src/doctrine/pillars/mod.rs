//! The pillars, one file each.

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
mod rdme;
mod zero;

use super::pillar::Pillar;

pub use dependencies::Deps;
pub use fllm::Fllm;
pub use gitl::Gitl;
pub use hygiene::Hygiene;
pub use know::Know;
pub use m5m::M5m;
pub use nclb::Nclb;
pub use nllb::Nllb;
pub use rdme::Rdme;
pub use zero::Zero;

/// All pillars that can be evaluated, the gravest first.
#[must_use]
pub fn standard() -> Vec<Box<dyn Pillar>> {
    vec![
        Box::new(Zero::default()),
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
