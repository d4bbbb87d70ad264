//! The verifiers of these tests.

use std::sync::Arc;
use std::time::Duration;

use pipeline_core::{
    Check, Deployment, Report, Side, Step, Trigger, Verdict, Verifier, verifier_fn,
};
use verify_http::{
    Client, Connections, Endpoint, Journey, JourneyStep, Journeys, Performance, PerformanceConfig,
    Smoke, SmokeCheck, SmokeConfig, Template, Watch, WatchConfig,
};

use crate::world::World;

/// What a page of the bundled application answers.
pub(crate) const PAGE: &str = "/api/v1/status";

pub(crate) const HEALTH: &str = "/api/v1/health";

/// Smoke tests of a page and of its health.
pub(crate) fn smoke() -> Step<dyn Verifier> {
    smoke_of(vec![SmokeCheck::get(PAGE).json(), SmokeCheck::get(HEALTH)])
}

/// Somebody who can tell nothing about a new release.
pub(crate) fn blind() -> Step<dyn Verifier> {
    let look = |deployment: Deployment, _| async move {
        let new = deployment.instances.iter().any(|it| it.side == Side::New);
        let verdict = if new { Verdict::Inconclusive } else { Verdict::Passed };
        let check = Check::smoke("page", verdict, "it cannot be told");
        Ok(Report::of_checks(vec![check.trigger(Trigger::Inconclusive)]))
    };
    Step::verifier("blind", verifier_fn(look))
}

fn smoke_of(checks: Vec<SmokeCheck>) -> Step<dyn Verifier> {
    let config = SmokeConfig { checks, within: Duration::from_secs(10), ..SmokeConfig::default() };
    Step::verifier("smoke", Smoke::new(config, client(Connections::Fresh)).expect("smoke tests"))
}

/// The latency of a page, held to nothing else than usual.
pub(crate) fn performance(world: &World) -> Step<dyn Verifier> {
    performance_with(world, None)
}

/// The same, where the first requests must not take longer.
pub(crate) fn performance_with(world: &World, cold_start: Option<Duration>) -> Step<dyn Verifier> {
    let endpoints = vec![Endpoint::get(PAGE)];
    let config = PerformanceConfig { endpoints, cold_start, ..PerformanceConfig::default() };
    let clock = Arc::new(world.clock());
    Step::verifier("performance", Performance::new(config, clock).expect("endpoints"))
}

/// A user who looks at the page.
pub(crate) fn journeys() -> Step<dyn Verifier> {
    let look = JourneyStep::get(Template::literal(PAGE));
    let journeys = vec![Journey::new("look", vec![look])];
    let journeys = Journeys::new(journeys, client(Connections::Kept)).expect("journeys");
    Step::verifier("journeys", journeys)
}

/// A watch of the health, and of `also`.
pub(crate) fn watch(also: &[&str]) -> Step<dyn Verifier> {
    let also = also.iter().map(|it| (*it).to_owned()).collect();
    let config = WatchConfig { also, ..WatchConfig::new(HEALTH) };
    Step::verifier("watch", Watch::new(config, client(Connections::Kept)).expect("a watch"))
}

/// A watch of the health alone, however many requests fail.
pub(crate) fn watch_for_outages() -> Step<dyn Verifier> {
    let mut config = WatchConfig::new(HEALTH);
    (config.limits.error_rate, config.limits.sustained_error_rate) = (1.0, 1.0);
    Step::verifier("watch", Watch::new(config, client(Connections::Kept)).expect("a watch"))
}

fn client(connections: Connections) -> Client {
    Client::new(connections).expect("a crypto provider is installed")
}
