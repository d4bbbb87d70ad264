//! The latency verifier of an environment.

use std::sync::Arc;
use std::time::Duration;

use pipeline_core::{Limits, Step, Trigger, Verifier};
use verify_http::{Bearer, Performance, PerformanceConfig};

use crate::app::wall;
use crate::config::{self, Environment};
use crate::error::{CliError, chain};
use crate::past::Past;

/// How often all of it may be measured anew, plus its baseline.
const TIMES: u32 = 2;

pub(super) fn performance(
    environment: &Environment,
    past: Past,
) -> Result<Option<Step<dyn Verifier>>, CliError> {
    let performance = &environment.verify.performance;
    if !performance.looks() {
        return Ok(None);
    }
    // The verifier keeps its own limit; the step's only catches one that hangs.
    let hangs = performance.within * TIMES + performance.timeout * TIMES + Duration::from_secs(30);
    let verifier = performance_verifier(environment)?.history(Arc::new(past));
    Ok(Some(Step::verifier("performance", verifier).limits(Limits::once().timeout(hangs))))
}

/// The verifier itself, without a history.
pub(crate) fn performance_verifier(environment: &Environment) -> Result<Performance, CliError> {
    let config = performance_config(environment)?;
    Performance::new(config, Arc::new(wall())).map_err(|error| CliError::usage(chain(&error)))
}

/// The verifier's configuration. A threshold among the triggers goes before its own.
pub(crate) fn performance_config(environment: &Environment) -> Result<PerformanceConfig, CliError> {
    let (performance, rollback) = (&environment.verify.performance, &environment.rollback);
    Ok(PerformanceConfig {
        alert: rollback.above(Trigger::LatencyAlert).unwrap_or(performance.alert),
        rollback: rollback.above(Trigger::LatencyRollback).unwrap_or(performance.rollback),
        floor: performance.floor,
        rate: performance.rate,
        capacity: performance.capacity,
        per_machine: performance.per_machine,
        warm_up: performance.warm_up,
        within: performance.within,
        timeout: performance.timeout,
        baseline_requests: performance.baseline_requests,
        cold_start: performance.cold_start,
        endpoints: performance.endpoints.iter().map(endpoint).collect::<Result<_, _>>()?,
    })
}

fn endpoint(endpoint: &config::Endpoint) -> Result<verify_http::Endpoint, CliError> {
    let bearer = match &endpoint.bearer {
        Some((name, None)) => {
            return Err(CliError::usage(format!(
                "the variable {name}, which the latency of {} is measured with as bearer token, is not set",
                endpoint.path
            ))
            .hint(format!("set {name} and try again")));
        }
        other => other.as_ref().map(|(name, secret)| Bearer::named(name, secret.clone())),
    };
    Ok(verify_http::Endpoint {
        name: endpoint.name.clone(),
        method: endpoint.method,
        headers: endpoint.headers.clone(),
        bearer,
        status: endpoint.status,
        baseline: endpoint.baseline,
        measure: endpoint.measure.clone(),
        critical: endpoint.critical,
        ..verify_http::Endpoint::get(&endpoint.path)
    })
}
