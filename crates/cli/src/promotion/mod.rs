//! Bringing to one environment the very image that another has verified, and the rules of what may be deployed at all.

mod look;
mod rules;
mod source;
mod standing;

pub(crate) use rules::{Answered, Rules};
pub(crate) use source::{chosen, of_run};
