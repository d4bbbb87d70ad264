//! A run as other tools read it: NDJSON with its JSON Schema, `JUnit`, SARIF, and what GitHub shows. All pure: functions of
//! the [events](pipeline_core::Event) or of the [`Account`](pipeline_core::Account) that they come to.

pub mod github;
pub mod ndjson;

mod junit;
mod label;
mod sarif;
mod text;

#[cfg(test)]
mod testing;

pub use junit::junit;
pub use label::{labels, verdict_word};
pub use ndjson::EVENTS_SCHEMA;
pub use sarif::{Place, Sarif, SarifResult, sarif};
pub use text::took;
