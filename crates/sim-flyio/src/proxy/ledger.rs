//! What users got to see: how many requests, how many of them were lost, for how long nothing
//! was answered. This is the measure of a way to deploy.

mod book;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use book::Ledgers;
pub(super) use book::{Account, Entry, Upgrade};

/// The account of one app. Requests that were pinned to a machine are probes of whoever deploys,
/// not users, and are counted apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Requests that came in, answered or not.
    pub requests: u64,
    /// Requests that got a whole answer from a machine, whatever its status.
    pub answered: u64,
    /// Requests that are under way now.
    pub in_flight: u64,
    /// Requests that the proxy had to refuse, or whose answer broke off: the first 10,000.
    pub lost: Vec<Lost>,
    /// How many more of them there were.
    #[serde(default)]
    pub lost_unlisted: u64,
    /// The longest time in which requests were waiting and none was answered by a machine with a
    /// status below 500. In calm times it is the time of the slowest request.
    #[serde(rename = "longest_gap_ms", with = "millis")]
    pub longest_gap: Duration,
    /// Answers that the app itself gave with a status of 500 or above.
    pub app_errors: u64,
    /// Pinned requests that came in.
    pub probes: u64,
    /// Those of them that were lost: the first 10,000.
    pub probes_lost: Vec<Lost>,
    /// How many more of them there were.
    #[serde(default)]
    pub probes_lost_unlisted: u64,
    /// Requests that became another protocol (for example `WebSocket`), which are neither answered nor lost.
    #[serde(default)]
    pub upgrades: u64,
    /// Those of them that are open now.
    #[serde(default)]
    pub upgrades_open: u64,
    /// Those that ended because their machine was stopped, not because a side was done: the
    /// first 10,000.
    #[serde(default)]
    pub upgrades_broken: Vec<Lost>,
    /// How many more of them there were.
    #[serde(default)]
    pub upgrades_broken_unlisted: u64,
}

/// A request without a whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// When it was lost, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// For example `GET`.
    pub method: String,
    /// For example `/dashboard`.
    pub path: String,
    /// The machine that had taken it, if one had.
    pub machine: Option<String>,
    /// What happened.
    pub why: String,
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
