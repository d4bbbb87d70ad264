//! What GitHub Actions shows of a run: annotations, a step summary, outputs, and logs that cannot give commands.

mod annotations;
mod command;
mod harmless;
mod markdown;
mod outputs;
mod summary;

pub use annotations::{MOST_ANNOTATIONS, annotations};
pub use command::{end_group, group};
pub use harmless::{Harmless, harmless};
pub use outputs::outputs;
pub use summary::{LARGEST_SUMMARY, Told, summary};
