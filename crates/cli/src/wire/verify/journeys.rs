//! The journeys of an environment.

use std::time::Duration;

use pipeline_core::{Limits, Step, Verifier};
use verify_http::{Client, Connections, Journeys};

use crate::config::Environment;
use crate::error::{CliError, chain};
use crate::exit::Exit;

pub(super) fn journeys(environment: &Environment) -> Result<Option<Step<dyn Verifier>>, CliError> {
    let journeys: Vec<_> = environment.verify.journeys.iter().map(|it| it.0.clone()).collect();
    if journeys.is_empty() {
        return Ok(None);
    }
    let client =
        Client::new(Connections::Kept).map_err(|error| CliError::new(Exit::Bug, chain(&error)))?;
    let journeys =
        Journeys::new(journeys, client).map_err(|error| CliError::usage(chain(&error)))?;
    // Each step keeps its own limit; the verifier's only catches one that hangs.
    let hangs = journeys.longest() + Duration::from_secs(5);
    Ok(Some(Step::verifier("journeys", journeys).limits(Limits::once().timeout(hangs))))
}
