//! The watch of an environment.

use pipeline_core::{Step, Verifier};

use crate::config::Environment;
use crate::error::CliError;

pub(super) fn watch(_environment: &Environment) -> Result<Option<Step<dyn Verifier>>, CliError> {
    Ok(None)
}
