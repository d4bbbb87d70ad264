//! What happened at a moment: events of spans.

use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::Event as SpanEvent;
use pipeline_core::{Event, EventKind};
use serde_json::Value;

/// Is it told as a moment of a span? Retries of their step, the rest of the run.
#[must_use]
pub fn is_notable(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::WillRetry { .. }
            | EventKind::Warned { .. }
            | EventKind::Failed { .. }
            | EventKind::Asking { .. }
            | EventKind::Decided { .. }
    )
}

/// The tries of this step that failed while it ran.
pub(crate) fn of_step(
    step: &str,
    within: (SystemTime, SystemTime),
    all: &[Event],
) -> Vec<SpanEvent> {
    let own = |it: &&Event| match &it.kind {
        EventKind::WillRetry { step: name, .. } => {
            name == step && it.at >= within.0 && it.at <= within.1
        }
        _ => false,
    };
    all.iter().filter(own).map(event).collect()
}

/// What is of the run as a whole.
pub(crate) fn of_run(all: &[Event]) -> Vec<SpanEvent> {
    let own = |it: &&Event| is_notable(it) && !matches!(it.kind, EventKind::WillRetry { .. });
    all.iter().filter(own).map(event).collect()
}

fn event(it: &Event) -> SpanEvent {
    let said = match &it.kind {
        EventKind::WillRetry { attempt, fault, after_ms, .. } => vec![
            ("pipeline.attempt", attempt.to_string()),
            ("pipeline.after_ms", after_ms.to_string()),
            ("exception.message", fault.to_string()),
        ],
        EventKind::Warned { message } => vec![("pipeline.message", message.clone())],
        EventKind::Failed { failure } => vec![
            ("pipeline.phase", failure.phase.name().to_owned()),
            ("cicd.pipeline.task.name", failure.step.clone()),
        ],
        EventKind::Asking { reason } => {
            reason.iter().map(|it| ("pipeline.reason", it.clone())).collect()
        }
        EventKind::Decided { decision, by, reason } => {
            let word = |it| match it {
                Ok(Value::String(word)) => word,
                _ => String::new(),
            };
            let mut said = vec![
                ("pipeline.decision", word(serde_json::to_value(decision))),
                ("pipeline.decided_by", word(serde_json::to_value(by))),
            ];
            said.extend(reason.iter().map(|it| ("pipeline.reason", it.clone())));
            said
        }
        _ => Vec::new(),
    };
    let name = match it.kind {
        EventKind::WillRetry { .. } => "pipeline.retry",
        EventKind::Warned { .. } => "pipeline.warned",
        EventKind::Failed { .. } => "pipeline.failed",
        EventKind::Asking { .. } => "pipeline.asking",
        _ => "pipeline.decided",
    };
    let attributes = said.into_iter().map(|(name, it)| KeyValue::new(name, it)).collect();
    SpanEvent::new(name, it.at, attributes, 0)
}
