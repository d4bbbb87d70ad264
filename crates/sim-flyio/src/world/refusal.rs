//! What the Machines API answers when it refuses. The word before the colon is the platform's
//! own code (gRPC's names), and the texts are those that clients have been seen to match on.

use serde_json::{Value, json};

/// An error reply: an HTTP status and the text of its `error` key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: String,
    code: Option<&'static str>,
}

impl Refusal {
    fn new(status: u16, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), code: None }
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(401, "Authenticate: token validation error")
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, format!("{what} not found"))
    }

    pub(crate) fn invalid_machine_id(id: &str) -> Self {
        Self::new(404, format!("invalid machine ID, '{id}'"))
    }

    /// A path that Fly.io may well have and the simulator has not.
    pub(crate) fn not_simulated(method: &str, path: &str) -> Self {
        Self::new(404, format!("not simulated: {method} {path}"))
    }

    /// 422: understood, and not possible.
    pub(crate) fn impossible(why: impl std::fmt::Display) -> Self {
        Self::new(422, format!("resource_exhausted: {why}"))
    }

    /// 429, in the words that clients have seen (flyctl pull request 3961).
    pub(crate) fn rate_limited() -> Self {
        Self::new(429, "resource_exhausted: rate limit exceeded")
    }

    pub(crate) fn name_taken() -> Self {
        Self { code: Some("name_taken"), ..Self::new(422, "Name has already been taken") }
    }

    /// 400
    pub(crate) fn invalid(why: impl std::fmt::Display) -> Self {
        Self::new(400, format!("invalid_argument: {why}"))
    }

    /// 413
    pub(crate) fn too_long(most: usize) -> Self {
        Self::new(413, format!("the body has more than {most} bytes, or did not come to its end"))
    }

    /// 400 in the platform's words, which carry no code here.
    pub(crate) fn stop_timeout_too_long() -> Self {
        Self::new(400, "invalid stop_config.timeout, cannot exceed 5 minutes")
    }

    /// 422
    pub(crate) fn no_capacity() -> Self {
        let why = "unknown: could not reserve resource for machine: insufficient memory available to fulfill request";
        Self { code: Some("insufficient_capacity"), ..Self::new(422, why) }
    }

    /// 409
    pub(crate) fn aborted(why: impl std::fmt::Display) -> Self {
        Self::new(409, format!("aborted: {why}"))
    }

    /// 412
    pub(crate) fn precondition(why: impl std::fmt::Display) -> Self {
        Self::new(412, format!("failed_precondition: {why}"))
    }

    /// 408
    pub(crate) fn deadline(why: impl std::fmt::Display) -> Self {
        Self::new(408, format!("deadline_exceeded: {why}"))
    }

    pub(crate) fn to_json(&self) -> Value {
        match self.code {
            Some(code) => json!({ "error": self.error, "status": code }),
            None => json!({ "error": self.error }),
        }
    }
}
