//! What is going to happen to one call, decided before it begins.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Phase;

/// An answer in place of the real one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Json(u16, Value),
    /// From a proxy in front of the API, which speaks HTML.
    Html(u16, String),
}

impl Answer {
    pub(crate) fn error(status: u16, error: impl Into<String>) -> Self {
        Self::Json(status, json!({ "error": error.into() }))
    }

    /// The answer of a proxy that has no better one.
    pub(crate) fn gateway(status: u16) -> Self {
        let reason = match status {
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            _ => "Gateway Timeout",
        };
        let page = format!("<html><body><h1>{status} {reason}</h1></body></html>\n");
        Self::Html(status, page)
    }
}

/// How a call ends without its own answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stop {
    Answer(Answer),
    Reset,
}

/// What is done to the answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum After {
    Slow(Duration),
    Stop(Stop),
    Empty,
    Malformed,
    /// Milliseconds by which the platform's clock is ahead.
    Skew(i64),
    /// Machines that a list does not show yet.
    Hide(Vec<String>),
}

/// All that faults do to a call, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// The faults, as the journal names them.
    pub(crate) names: Vec<String>,
    /// Whether machines were changed already.
    pub(crate) marks: bool,
    /// How long it waits before anything else.
    pub(crate) delay: Duration,
    /// Ends it before it has an effect.
    pub(crate) stop: Option<Stop>,
    /// It sees the state of so long ago.
    pub(crate) age: Option<Duration>,
    pub(crate) after: Vec<After>,
    /// The lease of its machine is gone so long after it.
    pub(crate) lease_lost: Option<Duration>,
}

impl Plan {
    /// Ends the call before or after its effect.
    pub(crate) fn stop(&mut self, phase: Phase, stop: Stop) {
        match phase {
            Phase::Before => self.stop = Some(stop),
            Phase::After => self.after.push(After::Stop(stop)),
        }
    }
}
