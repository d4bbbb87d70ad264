//! Faults on purpose: where they strike, when, and what they do. Pure: everything follows from
//! the calls, the events and the seed. [`Fault`] has the language in which they are written.

mod catalogue;
mod effect;
mod fault;
mod glob;
mod plan;
mod point;
mod scope;
mod timing;
mod words;

pub(crate) use catalogue::{Catalogue, Meeting};
pub use catalogue::{FaultId, FaultStatus};
pub use effect::FaultEffect;
pub use fault::{Fault, FaultError};
pub(crate) use plan::{After, Answer, Plan, Stop};
pub use point::FaultPoint;
pub(crate) use point::Occasion;
pub(crate) use scope::Subject;
pub use timing::FaultTiming;

#[cfg(test)]
mod tests;
