//! A run on its way to an OpenTelemetry collector, where the variables name one.

use pipeline_core::{Account, Event};
use pipeline_otel::{About, Parent, export, patience, spans};

use super::Purpose;
use crate::app::App;
use crate::render::Tone;
use crate::wire::origin;

/// Any of these names a collector.
const COLLECTORS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// Sends the run, if somebody wants it. A collector that does not take it costs its time and a line, nothing else.
pub(super) async fn send(
    app: &App,
    purpose: &Purpose,
    exit_code: u8,
    (account, moments): (&Account, &[Event]),
) {
    let wanted = COLLECTORS.iter().any(|name| app.var(name).is_some());
    let off = app.var("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"));
    if !wanted || off {
        return;
    }
    let about = About {
        pipeline: purpose.title(),
        environment: purpose.environment.clone(),
        url: origin(app),
        exit_code,
        version: env!("CARGO_PKG_VERSION").into(),
    };
    let parent = app.var("TRACEPARENT").and_then(Parent::of);
    let (spans, patience) = (spans(account, moments, &about, parent), patience(|it| app.var(it)));
    let told = export(spans, account, &about, patience).await;
    if let Err(error) = told {
        app.say(Tone::Warn, &format!("  ! the run is no trace: {error}"));
    }
}
