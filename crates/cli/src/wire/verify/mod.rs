//! The verifiers of an environment, in their order: what is cheap and certain first.

mod journeys;
mod performance;
mod smoke;
mod watch;

use pipeline_core::{Step, Verifier};

use crate::config::Environment;
use crate::error::CliError;

pub(super) fn verifier_steps(
    environment: &Environment,
) -> Result<Vec<Step<dyn Verifier>>, CliError> {
    let steps = [
        smoke::smoke(environment)?,
        performance::performance(environment)?,
        journeys::journeys(environment)?,
        watch::watch(environment)?,
    ];
    Ok(steps.into_iter().flatten().collect())
}
