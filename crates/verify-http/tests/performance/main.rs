//! The performance verifier against a server whose latency is known, over real sockets, in time that does not pass
//! by itself: verdicts, their numbers, and how long they take.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

mod controls;
mod server;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use pipeline_core::{Check, Context, Deployment, Phase, Report, Verifier};
use pipeline_testkit::{StoppedClock, a_run};
use tokio::time::Instant;
use verify_http::{Endpoint, Performance, PerformanceConfig};

const MS: Duration = Duration::from_millis(1);

fn config() -> PerformanceConfig {
    PerformanceConfig { endpoints: vec![Endpoint::get("/")], ..PerformanceConfig::default() }
}

fn performance(config: PerformanceConfig) -> Performance {
    Performance::new(config, Arc::new(StoppedClock::new())).expect("the configuration is good")
}

fn cx() -> Context {
    a_run("v2").context(Phase::Verify, "performance")
}

/// The answer, and how long it took.
async fn verified(config: PerformanceConfig, deployment: &Deployment) -> (Report, Duration) {
    let began = Instant::now();
    let report = performance(config).verify(deployment, &cx()).await.expect("it could look");
    (report, began.elapsed())
}

fn told(report: &Report) -> String {
    report.checks().iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(check: &Check) -> String {
    let machine = check.instance.as_deref().unwrap_or("public");
    format!("{:?} {} [{machine}]: {}", check.verdict, check.name, check.message)
}

/// All numbers, to the millisecond.
fn numbers(report: &Report) -> String {
    let numbers = report.numbers().iter().map(|(name, value)| format!("{name} {value:.0}"));
    numbers.collect::<Vec<_>>().join("\n")
}
