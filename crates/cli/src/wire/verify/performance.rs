//! The latency verifier of an environment.

use pipeline_core::{Step, Verifier};

use crate::config::Environment;
use crate::error::CliError;

pub(super) fn performance(
    _environment: &Environment,
) -> Result<Option<Step<dyn Verifier>>, CliError> {
    Ok(None)
}
