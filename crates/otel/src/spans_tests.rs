use opentelemetry::Value;
use pipeline_core::{
    Conclusion, DecidedBy, Decision, EventKind, Fault, Finding, Observer, Outcome, Release, Report,
    RunId, Verdict,
};

use super::*;

const RUN: &str = "0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f";

fn at(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
}

fn done(phase: Phase, step: &str, outcome: Outcome, took_ms: u64) -> EventKind {
    let (step, required, remembered_from) = (step.to_owned(), true, None);
    EventKind::StepDone { phase, step, outcome, required, took_ms, remembered_from }
}

fn told() -> (Account, Vec<Event>) {
    let verify = Phase::Verify;
    let (run, release) = (RunId::new(RUN), Release::new("v7").revision("0f3c"));
    let refused = Report::refused(Finding::error("GET /: answered 500"));
    let fault = Fault::transient(std::io::Error::other("busy"));
    let kinds = [
        (0, EventKind::RunStarted { run, release, target: "flyio:shop".into(), resumed: false }),
        (0, EventKind::PhaseStarted { phase: Phase::Build }),
        (
            0,
            EventKind::StepStarted { phase: Phase::Build, step: "image".into(), expected_ms: None },
        ),
        (5, EventKind::WillRetry { step: "image".into(), attempt: 1, fault, after_ms: 2 }),
        (20, done(Phase::Build, "image", Ok(Report::passed().number("size", 2.5)), 20)),
        (
            20,
            EventKind::PhaseEnded {
                phase: Phase::Build,
                verdict: Some(Verdict::Passed),
                took_ms: 20,
            },
        ),
        (21, EventKind::PhaseStarted { phase: verify }),
        (30, done(verify, "smoke", Ok(refused), 9)),
        (30, EventKind::PhaseEnded { phase: verify, verdict: Some(Verdict::Refused), took_ms: 9 }),
        (
            31,
            EventKind::Decided { decision: Decision::Restore, by: DecidedBy::Policy, reason: None },
        ),
        (31, EventKind::PhaseStarted { phase: Phase::Restore }),
        (32, done(Phase::Restore, "restore", Err(Fault::timed_out(Duration::from_secs(1))), 1)),
        (40, EventKind::RunFinished { conclusion: Conclusion::Stuck }),
    ];
    let events = (1..).zip(kinds).map(|(seq, (ms, kind))| Event { seq, at: at(ms), kind });
    let mut account = Account::default();
    let mut moments = Vec::new();
    for event in events {
        account.observe(&event);
        moments.extend(crate::is_notable(&event).then_some(event));
    }
    (account, moments)
}

fn about() -> About {
    About {
        pipeline: "deploy staging".into(),
        environment: Some("staging".into()),
        url: Some("https://ci.example/7".into()),
        exit_code: 50,
        version: "0.1.0".into(),
    }
}

fn value(span: &SpanData, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|it| it.key.as_str() == name);
    found.map(|it| match &it.value {
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    })
}

/// A span in a line: where it hangs, when it was, what came of it.
fn line(it: &SpanData, spans: &[SpanData]) -> String {
    let above = spans.iter().find(|up| up.span_context.span_id() == it.parent_span_id);
    let ms = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let result = value(it, "cicd.pipeline.result")
        .or_else(|| value(it, "cicd.pipeline.task.run.result"))
        .unwrap();
    format!(
        "{} under {}: {}-{} {result} {} {:?} {:?}",
        it.name,
        above.map_or("nothing", |it| &it.name),
        ms(it.start_time),
        ms(it.end_time),
        value(it, "error.type").unwrap_or_else(|| "-".into()),
        it.status,
        it.events.iter().map(|it| it.name.to_string()).collect::<Vec<_>>(),
    )
}

#[test]
fn a_run_is_a_tree_of_spans_with_the_words_of_the_conventions() {
    let (account, moments) = told();
    let spans = spans(&account, &moments, &about(), None);
    let lines: Vec<String> = spans.iter().map(|it| line(it, &spans)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    RUN deploy staging under nothing: 0-40 error stuck Error { description: "" } ["pipeline.decided"]
    build under RUN deploy staging: 0-20 success - Ok []
    image under build: 0-20 success - Ok ["pipeline.retry"]
    verify under RUN deploy staging: 21-30 failure refused Error { description: "GET /: answered 500" } []
    smoke under verify: 21-30 failure refused Error { description: "GET /: answered 500" } []
    restore under RUN deploy staging: 31-40 cancellation interrupted Error { description: "it did not end: the run was left half-way" } []
    restore under restore: 31-32 timeout timed_out Error { description: "no answer within 1s" } []
    "#);
    let root = &spans[0];
    for (name, wanted) in [
        ("cicd.pipeline.name", "deploy staging"),
        ("cicd.pipeline.run.id", RUN),
        ("cicd.pipeline.action.name", "RUN"),
        ("deployment.environment.name", "staging"),
        ("vcs.ref.head.revision", "0f3c"),
        ("cicd.pipeline.run.url.full", "https://ci.example/7"),
        ("pipeline.exit_code", "50"),
    ] {
        assert_eq!(value(root, name).as_deref(), Some(wanted), "{name}");
    }
    assert_eq!(value(&spans[2], "pipeline.number.size").as_deref(), Some("2.5"));
    let task = value(&spans[4], "cicd.pipeline.task.run.id").unwrap();
    assert_eq!(task, format!("{RUN}/verify-1/smoke"));
}

#[test]
fn the_trace_is_the_parents_or_has_the_number_of_the_run() {
    let (account, moments) = told();
    let own = spans(&account, &moments, &about(), None);
    let trace = |it: &SpanData| it.span_context.trace_id().to_string();
    assert!(own.iter().all(|it| trace(it) == RUN.replace('-', "")));
    let parent = Parent::of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let below = spans(&account, &moments, &about(), parent);
    assert!(below.iter().all(|it| trace(it) == "0af7651916cd43dd8448eb211c80319c"));
    assert_eq!(below[0].parent_span_id.to_string(), "b7ad6b7169203331");
    assert!(below[0].parent_span_is_remote && !below[1].parent_span_is_remote);
    assert_eq!(spans(&Account::default(), &[], &about(), None).len(), 0, "nothing happened");
}
