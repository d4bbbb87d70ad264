//! The events as programs read them: one JSON object a line. This file owns the wire format, and
//! `schemas/events.v1.schema.json` describes it.

use std::io::Write;
use std::time::SystemTime;

use pipeline_core::{EVENT_SCHEMA, Event, EventKind, Observer};
use serde::Serialize;

/// The JSON Schema (2020-12) of one line.
pub const EVENTS_SCHEMA: &str = include_str!("../schemas/events.v1.schema.json");

#[derive(Serialize)]
struct Object<'a> {
    schema: u32,
    seq: u64,
    at: String,
    #[serde(flatten)]
    kind: &'a EventKind,
}

/// The event as one line, without its end.
#[must_use]
pub fn line(event: &Event) -> String {
    let Event { seq, at, kind } = event;
    let object = Object { schema: EVENT_SCHEMA, seq: *seq, at: timestamp(*at), kind };
    serde_json::to_string(&object).expect("an event is plain data with text for keys")
}

/// Writes events.
#[derive(Debug)]
pub struct Wire<W> {
    out: W,
}

impl<W: Write + Send> Wire<W> {
    /// To here, line by line.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Observer for Wire<W> {
    fn observe(&mut self, event: &Event) {
        // A reader that has gone away must not stop a deploy.
        let _ = writeln!(self.out, "{}", line(event)).and_then(|()| self.out.flush());
    }
}

/// RFC 3339 in UTC, to the millisecond. A moment that no calendar has is the first one.
pub(crate) fn timestamp(at: SystemTime) -> String {
    format!("{:.3}", jiff::Timestamp::try_from(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}
