//! Keeps one event's text small without breaking it: what is cut is still an event. Pure.

use pipeline_core::EventKind;
use serde_json::Value;

/// The most bytes that one event takes in the store.
pub(crate) const MOST: usize = 64 * 1024;

/// Longest string in bytes and longest list, tried one after the other until the event fits. A pair of
/// numbers is a list too, so no list is cut to less than two.
const TRIES: [(usize, usize); 4] = [(16 * 1024, 1000), (4 * 1024, 200), (1024, 50), (200, 10)];

/// An event as it is stored, at most [`MOST`] bytes of JSON. Too long texts and lists lose their ends; an
/// event that would still be too long is replaced by a note that says so.
pub(crate) fn bounded(kind: &EventKind) -> (String, Option<EventKind>) {
    let text = to_text(kind);
    if text.len() <= MOST {
        return (text, None);
    }
    let whole = serde_json::to_value(kind).expect("an event is plain data");
    let cut = TRIES.iter().find_map(|limits| {
        let mut value = whole.clone();
        cut(&mut value, *limits);
        let text = value.to_string();
        let kind = serde_json::from_value(value).ok().filter(|_| text.len() <= MOST)?;
        Some((text, Some(kind)))
    });
    cut.unwrap_or_else(|| {
        let message = format!("an event of {} bytes was not stored", text.len());
        let note = EventKind::Noted { step: "store".into(), message };
        (to_text(&note), Some(note))
    })
}

fn to_text(kind: &EventKind) -> String {
    serde_json::to_string(kind).expect("an event is plain data")
}

fn cut(value: &mut Value, (text, list): (usize, usize)) {
    match value {
        Value::String(it) if it.len() > text => {
            it.truncate(it.floor_char_boundary(text));
            it.push_str(" … (cut)");
        }
        Value::Array(items) => {
            items.truncate(list);
            for it in items {
                cut(it, (text, list));
            }
        }
        Value::Object(fields) => {
            for it in fields.values_mut() {
                cut(it, (text, list));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Evidence, Finding, Phase, Report, Verdict};

    use super::*;

    fn done(report: Report) -> EventKind {
        let (phase, step) = (Phase::Validate, "test".to_owned());
        EventKind::StepDone {
            phase,
            step,
            outcome: Ok(report),
            required: true,
            took_ms: 7,
            remembered_from: None,
        }
    }

    fn verdict(kind: &EventKind) -> Option<Verdict> {
        match kind {
            EventKind::StepDone { outcome: Ok(report), .. } => Some(report.verdict()),
            _ => None,
        }
    }

    #[test]
    fn a_small_event_stays_as_it_is() {
        let kind = done(Report::passed());
        let (text, cut) = bounded(&kind);
        assert_eq!((serde_json::from_str(&text).ok(), cut), (Some(kind), None));
    }

    #[test]
    fn a_big_event_is_cut_and_is_still_that_event() {
        let output = Evidence::new("output", "é\"".repeat(1 << 20));
        let many = (0..5000).map(|n| Finding::error(format!("{n} {}", "x".repeat(300)))).collect();
        for report in
            [Report::refused(Finding::error("no")).evidence(output), Report::refused_if_any(many)]
        {
            let (text, cut) = bounded(&done(report));
            assert!(text.len() <= MOST, "{} bytes", text.len());
            assert_eq!(verdict(&cut.unwrap()), Some(Verdict::Refused));
            let read: EventKind = serde_json::from_str(&text).unwrap();
            assert_eq!(verdict(&read), Some(Verdict::Refused));
        }
    }

    #[test]
    fn an_event_that_cannot_be_cut_becomes_a_note() {
        let fields = (0..9000).map(|n| (format!("key number {n}"), Value::from(n))).collect();
        let evidence = Evidence::new("map", Value::Object(fields));
        let (text, cut) = bounded(&done(Report::passed().evidence(evidence)));
        assert!(text.len() < 200);
        assert!(matches!(cut, Some(EventKind::Noted { .. })), "{cut:?}");
    }
}
