//! The watch of an environment.

use std::time::Duration;

use pipeline_core::{Limits, Step, Verifier};
use verify_http::{Client, Connections, Watch, WatchConfig};

use super::smoke::bearer;
use crate::config::Environment;
use crate::error::{CliError, chain};
use crate::exit::Exit;

pub(super) fn watch(environment: &Environment) -> Result<Option<Step<dyn Verifier>>, CliError> {
    let watch = &environment.verify.watch;
    let Some(config) = &watch.config else { return Ok(None) };
    let bearer = watch.bearer.as_ref().map(|it| bearer(it, "the watch")).transpose()?;
    let config = WatchConfig { bearer, ..config.clone() };
    // The watch keeps its own window; the step's limit only catches one that hangs.
    let hangs = config.window + config.timeout + Duration::from_secs(5);
    let client =
        Client::new(Connections::Fresh).map_err(|error| CliError::new(Exit::Bug, chain(&error)))?;
    let watch = Watch::new(config, client).map_err(|error| CliError::usage(chain(&error)))?;
    Ok(Some(Step::verifier("watch", watch).limits(Limits::once().timeout(hangs))))
}
