//! The smoke verifier of an environment.

use std::time::Duration;

use pipeline_core::{Limits, Step, Verifier};
use secrecy::SecretString;
use verify_http::{Bearer, Client, Connections, Smoke, SmokeCheck, SmokeConfig};

use crate::app::wall;
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
        consecutive_bad: smoke.consecutive_bad,
        per_instance: smoke.per_machine,
        checks: smoke.checks.iter().map(smoke_check).collect::<Result<_, _>>()?,
        ..SmokeConfig::default()
    };
    // The verifier keeps its own window; the step's limit only catches one that hangs.
    let hangs = smoke.within + smoke.attempt_timeout + Duration::from_secs(5);
    let client =
        Client::new(Connections::Fresh).map_err(|error| CliError::new(Exit::Bug, chain(&error)))?;
    let smoke = Smoke::with_clock(config, client, wall());
    let smoke = smoke.map_err(|error| CliError::usage(chain(&error)))?;
    Ok(Some(Step::verifier("smoke", smoke).limits(Limits::once().timeout(hangs))))
}

fn smoke_check(check: &config::SmokeCheck) -> Result<SmokeCheck, CliError> {
    let made = SmokeCheck {
        name: check.name.clone(),
        headers: check.headers.clone(),
        redirects: check.redirects,
        expect: check.expect.clone(),
        echo: check.echo.clone(),
        tls_expires_after: check.tls_expires_after,
        ..SmokeCheck::get(&check.path)
    };
    let Some(sent) = &check.bearer else { return Ok(made) };
    Ok(made.bearer(bearer(sent, &format!("the check of {}", check.path))?))
}

/// The token that `who` sends, which must be there.
pub(super) fn bearer(
    (name, secret): &(String, Option<SecretString>),
    who: &str,
) -> Result<Bearer, CliError> {
    if secret.is_none() {
        return Err(CliError::usage(format!(
            "the variable {name}, which {who} sends as bearer token, is not set"
        ))
        .hint(format!("set {name} and try again")));
    }
    Ok(Bearer::named(name, secret.clone()))
}
