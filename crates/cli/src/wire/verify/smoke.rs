//! The smoke verifier of an environment.

use std::time::Duration;

use pipeline_core::{Limits, Step, Verifier};
use verify_http::{Bearer, Client, Connections, Smoke, SmokeCheck, SmokeConfig};

use crate::config::{self, Environment};
use crate::error::{CliError, chain};
use crate::exit::Exit;

pub(super) fn smoke(environment: &Environment) -> Result<Option<Step<dyn Verifier>>, CliError> {
    let smoke = &environment.verify.smoke;
    if smoke.checks.is_empty() {
        return Ok(None);
    }
    let config = SmokeConfig {
        within: smoke.within,
        attempt_timeout: smoke.attempt_timeout,
        retry_every: smoke.retry_every,
        consecutive: smoke.consecutive,
        per_instance: smoke.per_machine,
        checks: smoke.checks.iter().map(smoke_check).collect::<Result<_, _>>()?,
        ..SmokeConfig::default()
    };
    // The verifier keeps its own window; the step's limit only catches one that hangs.
    let hangs = smoke.within + smoke.attempt_timeout + Duration::from_secs(5);
    let client =
        Client::new(Connections::Fresh).map_err(|error| CliError::new(Exit::Bug, chain(&error)))?;
    let smoke = Smoke::new(config, client).map_err(|error| CliError::usage(chain(&error)))?;
    Ok(Some(Step::verifier("smoke", smoke).limits(Limits::once().timeout(hangs))))
}

fn smoke_check(check: &config::SmokeCheck) -> Result<SmokeCheck, CliError> {
    let mut made = SmokeCheck::get(&check.path).status(check.status);
    if check.json {
        made = made.json();
    }
    let Some((name, secret)) = &check.bearer else { return Ok(made) };
    if secret.is_none() {
        return Err(CliError::usage(format!(
            "the variable {name}, which the check of {} sends as bearer token, is not set",
            check.path
        ))
        .hint(format!("set {name} and try again")));
    }
    Ok(made.bearer(Bearer::named(name, secret.clone())))
}
