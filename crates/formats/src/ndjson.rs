//! The events as programs read them: one JSON object a line. This file owns the wire format, and
//! `schemas/events.v1.schema.json` describes it.

use std::io::{self, Write};
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

/// Writes events, and keeps in mind what kept one from being written.
#[derive(Debug)]
pub struct Wire<W> {
    out: W,
    failure: Option<io::Error>,
    /// May the last line have no end?
    torn: bool,
}

impl<W: Write + Send> Wire<W> {
    /// To here, line by line.
    pub fn new(out: W) -> Self {
        Self { out, failure: None, torn: false }
    }

    /// Why the first event that is not there could not be written.
    #[must_use]
    pub fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    fn write(&mut self, event: &Event) -> io::Result<()> {
        // Half a line must not spoil the next one as well.
        let before = if self.torn { "\n" } else { "" };
        self.out.write_all(format!("{before}{}\n", line(event)).as_bytes())?;
        self.out.flush()
    }
}

impl<W: Write + Send> Observer for Wire<W> {
    fn observe(&mut self, event: &Event) {
        let written = self.write(event);
        self.torn = written.is_err();
        // A reader that has gone away must not stop a deploy.
        if let Err(error) = written {
            self.failure.get_or_insert(error);
        }
    }
}

/// RFC 3339 in UTC, to the millisecond. A moment that no calendar has is the first one.
pub(crate) fn timestamp(at: SystemTime) -> String {
    format!("{:.3}", jiff::Timestamp::try_from(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that has room for so many bytes, and for everything once that was too few.
    struct Full {
        room: Option<usize>,
        kept: Vec<u8>,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let most = match self.room {
                Some(0) => {
                    self.room = None;
                    return Err(io::ErrorKind::StorageFull.into());
                }
                Some(room) => room.min(bytes.len()),
                None => bytes.len(),
            };
            self.room = self.room.map(|room| room - most);
            self.kept.extend(&bytes[..most]);
            Ok(most)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_could_not_be_written_is_remembered_and_spoils_no_other_line() {
        let warned = |seq| {
            let kind = EventKind::Warned { message: "m".into() };
            Event { seq, at: SystemTime::UNIX_EPOCH, kind }
        };
        let mut wire = Wire::new(Full { room: Some(100), kept: Vec::new() });
        wire.observe(&warned(1));
        assert!(wire.failure().is_none());
        for seq in [2, 3, 4] {
            wire.observe(&warned(seq));
        }
        assert_eq!(wire.failure().map(io::Error::kind), Some(io::ErrorKind::StorageFull));
        let text = String::from_utf8(wire.out.kept).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let whole = [1, 3, 4].map(|seq| line(&warned(seq)));
        assert_eq!([lines[0], lines[2], lines[3]], whole.each_ref().map(String::as_str), "{text}");
        assert!(line(&warned(2)).starts_with(lines[1]) && lines.len() == 4, "{text}");
    }
}
