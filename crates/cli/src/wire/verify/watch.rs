//! The watch of an environment.

use std::time::Duration;

use pipeline_core::{Limits, Step, Trigger, Verifier};
use verify_http::{Client, Connections, Watch, WatchConfig};

use super::smoke::bearer;
use crate::config::Environment;
use crate::error::{CliError, chain};
use crate::exit::Exit;

pub(super) fn watch(environment: &Environment) -> Result<Option<Step<dyn Verifier>>, CliError> {
    let watch = &environment.verify.watch;
    let Some(config) = &watch.config else { return Ok(None) };
    let bearer = watch.bearer.as_ref().map(|it| bearer(it, "the watch")).transpose()?;
    let mut config = WatchConfig { bearer, ..config.clone() };
    let above = |trigger| environment.rollback.above(trigger);
    config.limits.error_rate = above(Trigger::ErrorRate).unwrap_or(config.limits.error_rate);
    config.limits.down_for =
        above(Trigger::HealthDown).map_or(config.limits.down_for, Duration::from_secs_f64);
    // The watch keeps its own window; the step's limit only catches one that hangs.
    let hangs = config.window + config.timeout + Duration::from_secs(5);
    let client =
        Client::new(Connections::Fresh).map_err(|error| CliError::new(Exit::Bug, chain(&error)))?;
    let watch = Watch::new(config, client).map_err(|error| CliError::usage(chain(&error)))?;
    Ok(Some(Step::verifier("watch", watch).limits(Limits::once().timeout(hangs))))
}
