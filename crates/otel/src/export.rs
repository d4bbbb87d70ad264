//! Spans on their way: OTLP over HTTP, as protobuf.

use std::time::Duration;

use opentelemetry_otlp::{RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use pipeline_core::Account;
use thiserror::Error;

use crate::about::About;

/// How long a collector may take where nothing is said: nobody waits for long for a picture of what is over.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a collector may take, connecting and retries included: the milliseconds of `OTEL_EXPORTER_OTLP_TRACES_TIMEOUT` or
/// `OTEL_EXPORTER_OTLP_TIMEOUT`, else 4 s. What is no such number is as if it were not there (OpenTelemetry specification:
/// common, parsing values).
pub fn patience<'v>(var: impl Fn(&str) -> Option<&'v str>) -> Duration {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
    let said = |name: &&str| var(name)?.trim().parse().ok().filter(|it| *it > 0);
    names.iter().find_map(said).map_or(PATIENCE, Duration::from_millis)
}

/// Why nobody heard of the spans.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OtelError {
    /// What the variables say cannot be.
    #[error("OTEL_EXPORTER_OTLP_…: {0}")]
    Settings(String),
    /// There is no client to send with.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The collector does not take them.
    #[error("the collector takes no spans: {0}")]
    Refused(String),
    /// It has not answered.
    #[error("the collector has not answered within {0:?}")]
    Silent(Duration),
}

/// Sends spans to the collector that `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or else `OTEL_EXPORTER_OTLP_ENDPOINT`, names,
/// with the headers of `OTEL_EXPORTER_OTLP_TRACES_HEADERS` or `OTEL_EXPORTER_OTLP_HEADERS`. Takes no longer
/// than `patience`, whatever the collector does.
pub async fn export(
    spans: Vec<SpanData>,
    account: &Account,
    about: &About,
    patience: Duration,
) -> Result<(), OtelError> {
    if spans.is_empty() {
        return Ok(());
    }
    let client = reqwest::Client::builder().timeout(patience).build()?;
    let built = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_timeout(patience)
        .with_retry_policy(RetryPolicy::recommended().with_max_retries(1))
        .build();
    let mut exporter = built.map_err(|error| OtelError::Settings(error.to_string()))?;
    exporter.set_resource(&about.resource(account));
    match tokio::time::timeout(patience, exporter.export(spans)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(OtelError::Refused(error.to_string())),
        Err(_) => Err(OtelError::Silent(patience)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_has_the_time_that_the_variables_say() {
        let (traces, any) = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT");
        let of = |vars: &[(&str, &'static str)]| {
            let var = |name: &str| vars.iter().find(|it| it.0 == name).map(|it| it.1);
            patience(var).as_millis()
        };
        assert_eq!(of(&[]), 4_000);
        assert_eq!(of(&[(any, "60000")]), 60_000);
        assert_eq!(of(&[(any, "60000"), (traces, "1500")]), 1_500);
        assert_eq!(of(&[(any, "60000"), (traces, "soon")]), 60_000);
        assert_eq!(of(&[(any, "0")]), 4_000);
    }
}
