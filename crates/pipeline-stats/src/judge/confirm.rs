//! The second opinion before a rollback.

use super::evidence::PLAIN;
use super::look::Part;
use super::rules::Rules;
use crate::hodges_lehmann::{self, Estimate};
use crate::latency::Latencies;
use crate::quantile;

/// Whether a fresh batch shows it again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confirmation {
    /// Does it?
    pub confirmed: bool,
    /// The part's ratio in the batch, with bounds at 99 % each.
    pub estimate: Estimate,
}

/// Does a fresh batch (30 requests for the body, 80 for the tail) confirm a candidate?
///
/// Take it after a pause of 10 s or more, so that one stall is not seen twice. It confirms a ratio of 3 whose lower
/// bound is 2 (1.5 for the tail); for another rollback limit than 5, what lies as far between it and 1 on a log
/// scale. What is not confirmed is an alert.
#[must_use]
pub fn confirms(control: &Latencies, batch: &Latencies, part: Part, rules: &Rules) -> Confirmation {
    let (estimate, least) = match part {
        Part::Body => (hodges_lehmann::estimate(control, batch, PLAIN), 2.0),
        Part::Tail => (quantile::estimate(control, batch, PLAIN).unwrap_or(Estimate::UNKNOWN), 1.5),
    };
    let confirmed =
        estimate.ratio >= rules.for_rollback(3.0) && estimate.low >= rules.for_rollback(least);
    Confirmation { confirmed, estimate }
}
