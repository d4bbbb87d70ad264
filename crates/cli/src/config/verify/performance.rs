//! Latency against a baseline.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use verify_http::{Measure, Method};

/// Latency against a baseline.
#[derive(Clone, Debug)]
pub(crate) struct Performance {
    pub(crate) alert: f64,
    pub(crate) rollback: f64,
    pub(crate) floor: Duration,
    pub(crate) rate: f64,
    pub(crate) capacity: Option<f64>,
    pub(crate) per_machine: bool,
    pub(crate) warm_up: usize,
    pub(crate) within: Duration,
    pub(crate) timeout: Duration,
    pub(crate) baseline_requests: usize,
    pub(crate) cold_start: Option<Duration>,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// One request whose latency is judged.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) path: String,
    pub(crate) name: Option<String>,
    pub(crate) method: Method,
    pub(crate) headers: BTreeMap<String, String>,
    /// The variable of the bearer token, and the token if it is set.
    pub(crate) bearer: Option<(String, Option<SecretString>)>,
    pub(crate) status: Option<u16>,
    pub(crate) baseline: Option<Duration>,
    pub(crate) measure: Measure,
    pub(crate) critical: bool,
}

impl Performance {
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.endpoints.iter().filter_map(|it| it.bearer.as_ref()?.1.as_ref())
    }

    /// Is there anything to look at?
    pub(crate) fn looks(&self) -> bool {
        !self.endpoints.is_empty()
    }
}
