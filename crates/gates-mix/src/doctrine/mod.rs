//! The doctrine: eighteen pillars that the code of a project stands on, each a set of rules on its syntax trees, its files and its
//! commits.
//!
//! One pass reads each file once (`scan.rs`), gives it to every [`Pillar`], and keeps no tree. What belongs to the project as a
//! whole is asked afterwards. A pillar is one file under `pillars/`; a team's own patterns are data (`patterns.rs`).

mod codebase;
mod documented;
mod error;
mod expected;
mod files;
mod found;
mod gate;
mod git;
mod levels;
mod look;
mod outline;
mod pass;
mod patterns;
mod pillar;
pub mod pillars;
mod result;
mod rule;
mod scan;
mod source;
mod suppress;
mod template;

pub use codebase::{Change, Codebase, Entry, Scope};
pub use documented::Documented;
pub use error::DoctrineError;
pub use found::Found;
pub use gate::{DoctrineGate, With};
pub(crate) use git::Asker;
pub use git::{Commit, Git};
pub use levels::{Choice, Levels};
pub use outline::Outline;
pub use patterns::{Matcher, Pattern, team};
pub use pillar::Pillar;
pub use pillars::{Settings, standard};
pub use result::{PillarResult, Scanned, Status, Suppressed};
pub use rule::{Rule, Violation};
pub use scan::Doctrine;
pub use source::{Elixir, Role, Source};
