//! Faults from outside: a test sees each call before and after it takes effect, and decides.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;

/// When a hook is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The call has been read and has had no effect yet.
    Before,
    /// The call has had its effect; the answer has not been sent.
    After,
}

/// A call of the Machines API, as a hook sees it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ApiRequest {
    /// Counts the calls of this simulator from 1; the same in both phases.
    pub seq: u64,
    /// For example `POST`.
    pub method: String,
    /// For example `/v1/apps/shop/machines`.
    pub path: String,
    /// Without the question mark; empty if there is none.
    pub query: String,
    /// The body, if it is JSON.
    pub body: Option<Value>,
    /// Whether the call has had its effect.
    pub phase: Phase,
    /// The answer that is about to be sent; `None` before the effect.
    pub status: Option<u16>,
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes its way.
    Proceed,
    /// It is answered so; before the effect, it has none.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The whole body.
        body: Value,
    },
    /// The connection breaks without an answer, and the call has no effect. When asked after the
    /// effect, the same as [`Verdict::ResetAfterCommit`].
    ResetBeforeCommit,
    /// The call has its effect, and the connection breaks without an answer.
    ResetAfterCommit,
    /// It waits, then goes its way.
    Delay(Duration),
}

/// The function that a test gave.
#[derive(Clone)]
pub(crate) struct Hook(pub(crate) Arc<dyn Fn(&ApiRequest) -> Verdict + Send + Sync>);

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

impl Verdict {
    /// How the journal names it.
    pub(super) fn fault(&self) -> Option<String> {
        match self {
            Self::Proceed => None,
            Self::Answer { status, .. } => Some(format!("answered {status}")),
            Self::ResetBeforeCommit => Some("reset before commit".to_owned()),
            Self::ResetAfterCommit => Some("reset after commit".to_owned()),
            Self::Delay(time) => Some(format!("delayed {} ms", time.as_millis())),
        }
    }
}
