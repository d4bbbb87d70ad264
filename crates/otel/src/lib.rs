//! A run as OpenTelemetry spans: one for the run, one for each pass of a phase, one for each step, with the semantic
//! conventions for CI/CD, and their export over OTLP/HTTP. The spans are a pure function of the run's
//! [`Account`](pipeline_core::Account), so they tell what every other picture of the run tells.
//!
//! Conventions: <https://opentelemetry.io/docs/specs/semconv/cicd/cicd-spans/> and
//! <https://opentelemetry.io/docs/specs/semconv/resource/cicd/>.

mod about;
mod events;
mod export;
mod parent;
mod results;
mod spans;

pub use about::About;
pub use events::is_notable;
pub use export::{OtelError, export, patience};
pub use parent::Parent;
pub use spans::spans;
