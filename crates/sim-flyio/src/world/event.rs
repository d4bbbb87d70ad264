//! The event log of a machine.

use serde_json::{Value, json};

use super::lifecycle::State;
use crate::clock::Millis;

/// Who caused an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A call of the API.
    User,
    /// The platform itself.
    Flyd,
}

/// One entry; kept oldest first, shown newest first.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    /// The state of the machine after the event.
    pub(crate) status: State,
    pub(crate) source: Source,
    pub(crate) timestamp: Millis,
    pub(crate) request: Value,
}

impl Event {
    pub(crate) fn to_json(&self) -> Value {
        let mut event = json!({
            "id": self.id,
            "type": self.kind,
            "status": self.status,
            "source": match self.source { Source::User => "user", Source::Flyd => "flyd" },
            "timestamp": self.timestamp,
        });
        if !self.request.is_null() {
            event["request"] = self.request.clone();
        }
        event
    }
}
