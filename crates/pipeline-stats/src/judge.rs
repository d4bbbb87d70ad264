//! The ratio judge: is the new release slower than the old one, and by how much at least?

mod confirm;
mod errors;
mod evidence;
mod look;
mod replay;
mod rules;

pub use confirm::{Confirmation, confirms};
pub use errors::{Counts, ErrorCall, ErrorOpinion, ErrorRules, errors};
pub use look::{Call, Opinion, Part, look};
pub use replay::{Decision, Verdict, replay};
pub use rules::{BadRules, Rules};
