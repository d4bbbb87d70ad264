//! The events as programs read them: one JSON object a line. This file owns the wire format.

use std::io::Write;
use std::time::SystemTime;

use pipeline_core::{EVENT_SCHEMA, Event, EventKind, Observer};
use serde::Serialize;

/// Writes events.
pub(crate) struct Wire<W> {
    out: W,
}

#[derive(Serialize)]
struct Object<'a> {
    schema: u32,
    seq: u64,
    at: String,
    #[serde(flatten)]
    kind: &'a EventKind,
}

impl<W: Write + Send> Wire<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Observer for Wire<W> {
    fn observe(&mut self, event: &Event) {
        let Event { seq, at, kind } = event;
        let object = Object { schema: EVENT_SCHEMA, seq: *seq, at: timestamp(*at), kind };
        // A reader that has gone away must not stop a deploy.
        if let Ok(line) = serde_json::to_string(&object) {
            let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        }
    }
}

/// RFC 3339 in UTC, to the millisecond.
fn timestamp(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map_or_else(|_| "-".into(), |it| format!("{it:.3}"))
}
