//! `pipeline baseline show|record ENV`: the latency that releases are held to where nothing better is at hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pipeline_core::{CancelSource, Events, Phase, Release, Run, RunId};
use serde_json::{Value, json};
use verify_http::{History as _, PastRun, Sample};

use crate::app::{App, Setting, wall};
use crate::args::Baseline;
use crate::commands::calibrate::no_latency;
use crate::commands::verify::what_runs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::past::{Past, baseline_document, moment, recorded_run};
use crate::render::{Tone, time};
use crate::session::open_store;
use crate::{signals, wire};

pub(crate) async fn run(app: &App, args: Baseline) -> Result<Exit, CliError> {
    let config = app.config()?;
    let name = args.environment();
    let setting = Setting::of(app, &config, name)?;
    if !setting.environment.verify.performance.looks() {
        return Err(no_latency(name));
    }
    match args {
        Baseline::Show(_) => show(setting).await,
        Baseline::Record(_) => record(setting).await,
    }
}

/// Measures what runs now, and keeps it.
async fn record(setting: Setting<'_>) -> Result<Exit, CliError> {
    let Setting { app, environment, config } = setting;
    let events = Events::new(wall(), app.observers(&setting.secrets())?);
    let source = CancelSource::new();
    let run = Run::new(RunId::new("baseline"), Release::new("baseline"), &config.dir)
        .events(events.clone())
        .cancel(source.token());
    let deployment = what_runs(setting, &run).await?;
    let performance = wire::performance_verifier(environment)?;
    let cx = run.context(Phase::Verify, "baseline");
    app.mention(Tone::Dim, &format!("measuring {} of {}", deployment.version, environment.name));
    let series = tokio::select! {
        series = performance.measure(&deployment, &cx) => series?,
        exit = signals::watch(&source, &events) => return Ok(exit),
    };
    let mut by_endpoint: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for series in &series {
        by_endpoint.entry(&series.endpoint).or_default().push(series);
    }
    let store = open_store(config).await?;
    let target = wire::target_name(environment);
    for (endpoint, series) in &by_endpoint {
        store.put_baseline(&target, endpoint, &baseline_document(series)).await?;
    }
    show(setting).await
}

/// What is known of each endpoint.
async fn show(setting: Setting<'_>) -> Result<Exit, CliError> {
    let Setting { app, environment, config } = setting;
    let target = wire::target_name(environment);
    let (store, past) = (open_store(config).await?, Past::of(config, &target));
    let mut known = Vec::new();
    for endpoint in &wire::performance_config(environment)?.endpoints {
        let title = endpoint.title();
        let recorded = store.baseline(&target, &title).await?;
        let recorded = recorded.as_ref().and_then(recorded_run);
        let runs = past.healthy(&title).await?;
        known.push(Known::of(title, &runs, recorded.as_ref()));
    }
    if app.json() {
        let endpoints: Vec<Value> = known.iter().map(Known::object).collect();
        let object =
            json!({ "schema": 1, "environment": environment.name, "endpoints": endpoints });
        app.object(&setting.secrets(), object)?;
        return Ok(Exit::Good);
    }
    app.fact(table(&known).trim_end())?;
    Ok(Exit::Good)
}

/// What one endpoint is held to.
struct Known {
    endpoint: String,
    /// Healthy runs, a recorded baseline among them.
    runs: usize,
    recorded: bool,
    /// When the newest of them was measured, in microseconds since 1970.
    newest: Option<u64>,
    /// Milliseconds, sorted.
    latencies: Vec<f64>,
    /// How far the medians of runs lie apart, as a logarithm; none below five runs.
    drift: Option<f64>,
}

impl Known {
    fn of(endpoint: String, runs: &[PastRun], recorded: Option<&PastRun>) -> Self {
        let all = runs.iter().flat_map(|it| &it.samples);
        let newest = all.clone().map(|it| it.at_us).max();
        let medians: Vec<f64> =
            runs.iter().filter_map(|it| quantile(&sorted(&it.samples), 0.5)).collect();
        let all: Vec<Sample> = all.copied().collect();
        Self {
            endpoint,
            runs: runs.len(),
            recorded: recorded.is_some(),
            newest,
            latencies: sorted(&all),
            drift: pipeline_stats::drift(&medians),
        }
    }

    fn object(&self) -> Value {
        let at = |q| quantile(&self.latencies, q);
        json!({
            "endpoint": self.endpoint,
            "runs": self.runs,
            "recorded": self.recorded,
            "measured": self.newest.map(|it| time(moment(it))),
            "samples": self.latencies.len(),
            "p50_ms": at(0.5),
            "p90_ms": at(0.9),
            "p95_ms": at(0.95),
            "drift": self.drift,
        })
    }
}

fn table(known: &[Known]) -> String {
    let width = known.iter().map(|it| it.endpoint.len()).max().unwrap_or(8).max(8);
    let mut text = format!(
        "{:<width$}  {:>9}  {:>9}  {:>8}  where from\n",
        "endpoint", "p50", "p90", "samples"
    );
    for it in known {
        let ms = |q| quantile(&it.latencies, q).map_or("-".into(), |ms| format!("{ms:.1} ms"));
        let from = match (it.runs, it.recorded, it.newest) {
            (0, ..) | (_, _, None) => "nothing yet: `pipeline baseline record` measures it".into(),
            (runs, recorded, Some(newest)) => {
                let what = match (runs, recorded) {
                    (1, true) => "recorded".to_owned(),
                    (more, true) => format!("recorded, and {} healthy runs", more - 1),
                    (1, false) => "1 healthy run".to_owned(),
                    (more, false) => format!("{more} healthy runs"),
                };
                format!("{what}, {}", time(moment(newest)))
            }
        };
        let _ = writeln!(
            text,
            "{:<width$}  {:>9}  {:>9}  {:>8}  {from}",
            it.endpoint,
            ms(0.5),
            ms(0.9),
            it.latencies.len(),
        );
    }
    text
}

/// The latencies of what was answered, in milliseconds, smallest first.
fn sorted(samples: &[Sample]) -> Vec<f64> {
    let answered = samples.iter().filter(|it| it.status.is_some());
    #[expect(clippy::cast_precision_loss, reason = "a latency is far below 2^52 microseconds")]
    let mut ms: Vec<f64> = answered.map(|it| it.latency_us as f64 / 1_000.0).collect();
    ms.sort_by(f64::total_cmp);
    ms
}

fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    (!sorted.is_empty()).then(|| pipeline_stats::interpolated(sorted, q))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(at_us: u64, latencies_ms: &[u64]) -> PastRun {
        let sample = |(number, ms): (usize, &u64)| Sample {
            at_us: at_us + number as u64,
            latency_us: ms * 1_000,
            status: (*ms > 0).then_some(200),
        };
        PastRun { samples: latencies_ms.iter().enumerate().map(sample).collect() }
    }

    #[test]
    fn the_table_says_what_is_known_and_from_where() {
        let at = 1_774_449_120_000_000;
        let (first, second) = (run(at, &[10, 20, 30, 0]), run(at + 86_400_000_000, &[40, 50]));
        let known = [
            Known::of("GET /".into(), &[first.clone(), second], None),
            Known::of("GET /api/v1/status".into(), std::slice::from_ref(&first), Some(&first)),
            Known::of("GET /new".into(), &[], None),
        ];
        insta::assert_snapshot!(table(&known), @r"
        endpoint                  p50        p90   samples  where from
        GET /                 30.0 ms    46.0 ms         5  2 healthy runs, 2026-03-26 14:32 UTC
        GET /api/v1/status    20.0 ms    28.0 ms         3  recorded, 2026-03-25 14:32 UTC
        GET /new                    -          -         0  nothing yet: `pipeline baseline record` measures it
        ");
    }
}
