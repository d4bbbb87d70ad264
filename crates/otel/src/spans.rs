//! The spans of a run: pure, but for the numbers that name them.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanLinks};
use pipeline_core::{Account, Event, Phase, PhasePass, StepEnd, StepPass};

use crate::about::About;
use crate::events;
use crate::parent::Parent;
use crate::results::{self, Came};

/// What all spans of a run share.
struct Trace<'a> {
    id: TraceId,
    flags: TraceFlags,
    run: String,
    url: Option<&'a str>,
    moments: &'a [Event],
    scope: InstrumentationScope,
}

/// One span before it has what all of them share.
struct Draft {
    name: String,
    kind: SpanKind,
    time: (SystemTime, SystemTime),
    attributes: Vec<KeyValue>,
    events: Vec<opentelemetry::trace::Event>,
    came: Came,
}

/// The run, each pass of its phases, and each step, from the first to the last. `moments` are the events that
/// [`is_notable`](crate::is_notable) lets through. The trace is the parent's, else it has the number of the run, so that a
/// run that was resumed goes on in the same trace.
#[must_use]
pub fn spans(
    account: &Account,
    moments: &[Event],
    about: &About,
    parent: Option<Parent>,
) -> Vec<SpanData> {
    let (Some(began), Some(last)) = (account.began, account.last) else { return Vec::new() };
    let run = account.run.as_ref().map(ToString::to_string).unwrap_or_default();
    let own = || TraceId::from_hex(&run.replace('-', "")).ok().filter(|it| *it != TraceId::INVALID);
    let id = parent.map(|it| it.trace).or_else(own);
    let trace = Trace {
        id: id.unwrap_or_else(|| RandomIdGenerator::default().new_trace_id()),
        flags: parent.map_or(TraceFlags::SAMPLED, |it| it.flags),
        run,
        url: about.url.as_deref(),
        moments,
        scope: InstrumentationScope::builder("pipeline")
            .with_version(about.version.clone())
            .build(),
    };
    let root = trace.run(account, about, (began, last));
    let root = trace.span(root, parent.map(|it| it.span));
    let mut spans = vec![root];
    let mut passes = std::collections::BTreeMap::<Phase, usize>::new();
    for pass in &account.phases {
        let number = passes.entry(pass.phase).or_default();
        *number += 1;
        let phase =
            trace.span(trace.phase((pass, *number), last), Some(spans[0].span_context.span_id()));
        let above = phase.span_context.span_id();
        spans.push(phase);
        let step = |it| trace.span(trace.step((pass.phase, *number), it, last), Some(above));
        spans.extend(pass.steps.iter().map(step));
    }
    spans
}

impl Trace<'_> {
    fn run(&self, account: &Account, about: &About, time: (SystemTime, SystemTime)) -> Draft {
        let came = results::of_run(account, about.exit_code);
        let mut attributes = about.attributes(account);
        attributes.push(KeyValue::new("cicd.pipeline.action.name", "RUN"));
        attributes.push(KeyValue::new("cicd.pipeline.result", came.result));
        attributes.push(KeyValue::new("pipeline.exit_code", i64::from(about.exit_code)));
        if let Some(release) = &account.release {
            attributes.push(KeyValue::new("pipeline.release", release.version.clone()));
        }
        if let Some(target) = &account.target {
            attributes.push(KeyValue::new("pipeline.target", target.clone()));
        }
        let name = format!("RUN {}", about.pipeline);
        let events = events::of_run(self.moments);
        Draft { name, kind: SpanKind::Server, time, attributes, events, came }
    }

    fn phase(&self, (pass, number): (&PhasePass, usize), last: SystemTime) -> Draft {
        let ended = pass.end.map(|it| pass.started + Duration::from_millis(it.took_ms));
        let came = results::of_phase(pass);
        let name = pass.phase.name();
        let mut attributes = self.task(name, &format!("{name}-{number}"), &came);
        attributes.push(KeyValue::new("cicd.pipeline.task.type", kind_of(pass.phase)));
        if let Some(verdict) = pass.end.and_then(|it| it.verdict) {
            attributes.push(KeyValue::new("pipeline.verdict", verdict.to_string()));
        }
        let time = (pass.started, ended.unwrap_or(last));
        let (name, events) = (name.to_owned(), Vec::new());
        Draft { name, kind: SpanKind::Server, time, attributes, events, came }
    }

    fn step(&self, (phase, number): (Phase, usize), it: &StepPass, last: SystemTime) -> Draft {
        let ended = match (&it.end, it.took_ms()) {
            (None, _) => last,
            (Some(_), took) => it.started + Duration::from_millis(took.unwrap_or(0)),
        };
        let came = results::of_step(it);
        let id = format!("{}-{number}/{}", phase.name(), it.name);
        let mut attributes = self.task(&it.name, &id, &came);
        attributes.push(KeyValue::new("pipeline.phase", phase.name()));
        attributes.extend(details(it));
        let time = (it.started, ended);
        let events = events::of_step(&it.name, time, self.moments);
        Draft { name: it.name.clone(), kind: SpanKind::Internal, time, attributes, events, came }
    }

    fn task(&self, name: &str, id: &str, came: &Came) -> Vec<KeyValue> {
        let mut attributes = vec![
            KeyValue::new("cicd.pipeline.task.name", name.to_owned()),
            KeyValue::new("cicd.pipeline.task.run.id", format!("{}/{id}", self.run)),
            KeyValue::new("cicd.pipeline.task.run.result", came.result),
        ];
        let url = self.url.map(ToOwned::to_owned);
        attributes.extend(url.map(|it| KeyValue::new("cicd.pipeline.task.run.url.full", it)));
        attributes
    }

    fn span(&self, draft: Draft, parent: Option<SpanId>) -> SpanData {
        let Draft { name, kind, time, mut attributes, events, came } = draft;
        attributes.extend(came.error.map(|it| KeyValue::new("error.type", it)));
        let id = RandomIdGenerator::default().new_span_id();
        let mut told = SpanEvents::default();
        told.events = events;
        SpanData {
            span_context: SpanContext::new(self.id, id, self.flags, false, TraceState::default()),
            parent_span_id: parent.unwrap_or(SpanId::INVALID),
            parent_span_is_remote: kind == SpanKind::Server
                && name.starts_with("RUN ")
                && parent.is_some(),
            span_kind: kind,
            name: name.into(),
            start_time: time.0,
            end_time: time.1.max(time.0),
            attributes,
            dropped_attributes_count: 0,
            events: told,
            links: SpanLinks::default(),
            status: match came.error {
                None => Status::Ok,
                Some(_) => Status::error(came.message),
            },
            instrumentation_scope: self.scope.clone(),
        }
    }
}

/// The conventions' word for a phase.
fn kind_of(phase: Phase) -> &'static str {
    match phase {
        Phase::Validate | Phase::Verify => "test",
        Phase::Build => "build",
        Phase::Deploy | Phase::Settle | Phase::Restore => "deploy",
    }
}

fn details(step: &StepPass) -> Vec<KeyValue> {
    let Some(StepEnd::Done { outcome, required, remembered_from, .. }) = &step.end else {
        return Vec::new();
    };
    let mut details = vec![
        KeyValue::new("pipeline.required", *required),
        KeyValue::new("pipeline.cached", remembered_from.is_some()),
    ];
    if let Ok(report) = outcome {
        details.push(KeyValue::new("pipeline.verdict", report.verdict().to_string()));
        let count = i64::try_from(report.findings().len()).unwrap_or(i64::MAX);
        details.push(KeyValue::new("pipeline.findings", count));
        let numbers = report.numbers().iter();
        details.extend(
            numbers.map(|(name, it)| KeyValue::new(format!("pipeline.number.{name}"), *it)),
        );
    }
    details
}

#[cfg(test)]
#[path = "spans_tests.rs"]
mod tests;
