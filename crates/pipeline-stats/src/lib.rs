//! Latency verdicts with published error rates, and trends: pure statistics.

mod binomial;
mod drift;
mod hodges_lehmann;
mod judge;
mod latency;
mod normal;
mod quantile;
mod select;
pub mod trend;

pub use binomial::clopper_pearson;
pub use drift::drift;
pub use hodges_lehmann::{Estimate, hodges_lehmann};
pub use judge::{
    BadRules, Call, Confirmation, Counts, Decision, ErrorCall, ErrorOpinion, ErrorRules, Opinion,
    Part, Rules, Verdict, confirms, errors, look, replay,
};
pub use latency::{BadLatency, Latencies, Latency};
pub use quantile::p90_ratio;
