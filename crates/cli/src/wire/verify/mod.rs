//! The verifiers of an environment, in their order: what is cheap and certain first.

mod journeys;
mod performance;
mod smoke;
mod watch;

use pipeline_core::{Step, Verifier};

pub(crate) use performance::{performance_config, performance_verifier};

use crate::app::Setting;
use crate::error::CliError;
use crate::past::Past;

pub(super) fn verifier_steps(
    setting: Setting<'_>,
    past: Past,
) -> Result<Vec<Step<dyn Verifier>>, CliError> {
    let environment = setting.environment;
    let steps = [
        smoke::smoke(environment)?,
        performance::performance(environment, past)?,
        journeys::journeys(environment)?,
        watch::watch(environment)?,
    ];
    Ok(steps.into_iter().flatten().collect())
}
