//! A run as a trace: what the collector gets is what the run's account says; and a collector that is not there costs nothing
//! but a line.

use std::time::{Instant, UNIX_EPOCH};

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use pipeline_core::{Account, Verdict};

use crate::collector::Collector;
use crate::{eventful, pictures, world};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|it| it.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        Value::BoolValue(it) => Some(it.to_string()),
        other => Some(format!("{other:?}")),
    }
}

fn millis(nanos: u64) -> u64 {
    nanos / 1_000_000
}

/// What the account says of each phase and step: its name, when it began, how long it took, its result.
fn wanted(account: &Account) -> Vec<(String, u64, u64, &'static str)> {
    let result = |verdict: Option<Verdict>| match verdict {
        Some(Verdict::Passed | Verdict::Alert) => "success",
        Some(Verdict::Refused) => "failure",
        Some(Verdict::Inconclusive) | None => "error",
    };
    let at = |it: std::time::SystemTime| {
        u64::try_from(it.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
    };
    let mut wanted = Vec::new();
    for pass in &account.phases {
        let end = pass.end.unwrap();
        wanted.push((pass.phase.name().into(), at(pass.started), end.took_ms, result(end.verdict)));
        wanted.extend(pass.steps.iter().map(|step| {
            let took = step.took_ms().unwrap_or(0);
            (step.name.clone(), at(step.started), took, result(step.verdict()))
        }));
    }
    wanted
}

fn told(spans: &[Span]) -> Vec<(String, u64, u64, String)> {
    let told = |it: &Span| {
        let (from, to) = (millis(it.start_time_unix_nano), it.end_time_unix_nano);
        let took = millis(to - it.start_time_unix_nano);
        let result = text(&it.attributes, "cicd.pipeline.task.run.result").expect("a result");
        (it.name.clone(), from, took, result)
    };
    spans.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one trace, looked at from all sides")]
async fn the_collector_gets_the_run_as_its_account_has_it() {
    let (world, collector) = (world().await, Collector::start().await);
    eventful(&world);
    let vars = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=k1,x-team=shop"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "60000"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=shop"),
        ("TRACEPARENT", PARENT),
    ];
    let ran = world.run_with(&["deploy", "staging", "--format", "json"], &vars).await.expect(30);
    let version = ran.json()["version"].as_str().unwrap().to_owned();
    let account = pictures::store(world.path(), &version).await;
    let [sent] = &collector.sent()[..] else { panic!("sent once: {ran}") };
    for line in [
        "post /v1/traces ",
        "content-type: application/x-protobuf",
        "x-api-key: k1",
        "x-team: shop",
    ] {
        assert!(sent.head.contains(line), "{}", sent.head);
    }
    let [resource] = &sent.traces.resource_spans[..] else { panic!("one resource") };
    let about = &resource.resource.as_ref().unwrap().attributes;
    let run = account.run.as_ref().unwrap().to_string();
    for (key, value) in [
        ("service.name", "pipeline"),
        ("team", "shop"),
        ("cicd.pipeline.name", "deploy staging"),
        ("cicd.pipeline.run.id", &run),
        ("deployment.environment.name", "staging"),
    ] {
        assert_eq!(text(about, key).as_deref(), Some(value), "{key}");
    }
    let spans = &resource.scope_spans[0].spans;
    let (root, rest) = spans.split_first().unwrap();
    assert_eq!(root.name, "RUN deploy staging");
    assert_eq!(text(&root.attributes, "cicd.pipeline.result").as_deref(), Some("failure"));
    assert_eq!(text(&root.attributes, "error.type").as_deref(), Some("rolled_back"));
    assert_eq!(root.status.as_ref().unwrap().code(), StatusCode::Error);
    let hex = |bytes: &[u8]| bytes.iter().fold(0_u128, |all, it| all << 8 | u128::from(*it));
    assert_eq!(hex(&root.parent_span_id), 0xb7ad_6b71_6920_3331);
    let trace = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
    assert!(spans.iter().all(|it| hex(&it.trace_id) == trace));

    let told = told(rest);
    let told: Vec<_> = told.iter().map(|(a, b, c, d)| (a.clone(), *b, *c, d.as_str())).collect();
    assert_eq!(told, wanted(&account));
    let mut passes = rest.iter().filter(|it| it.parent_span_id == root.span_id);
    for pass in &account.phases {
        let span = passes.next().expect("a span for each pass");
        let below = rest.iter().filter(|it| it.parent_span_id == span.span_id);
        let names: Vec<_> = below.map(|it| it.name.as_str()).collect();
        assert_eq!(names, pass.steps.iter().map(|it| it.name.as_str()).collect::<Vec<_>>());
    }
    let built = rest.iter().find(|it| it.name == "flyctl").unwrap();
    assert_eq!(built.events.len(), 1, "its second try");
    let moments: Vec<_> = root.events.iter().map(|it| it.name.as_str()).collect();
    assert!(
        moments.contains(&"pipeline.failed") && moments.contains(&"pipeline.decided"),
        "{moments:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_not_there_costs_a_line_and_no_more() {
    let world = world().await;
    // One that refuses, one that never answers, and an address that is none.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", deaf.local_addr().unwrap());
    for endpoint in ["http://127.0.0.1:9", &silent, "no address"] {
        let vars = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint)];
        let began = Instant::now();
        let ran = world.run_with(&["verify", "staging"], &vars).await.expect(0);
        assert!(began.elapsed().as_secs() < 60, "{endpoint}: {:?}", began.elapsed());
        let lines = ran.stderr.lines().filter(|it| it.contains("the run is no trace"));
        assert_eq!(lines.count(), 1, "{endpoint}: {ran}");
    }
    let ran = world.run_with(
        &["verify", "staging"],
        &[("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")],
    );
    let ran = ran.await.expect(0);
    assert!(!ran.stderr.contains("trace"), "{ran}");
}
