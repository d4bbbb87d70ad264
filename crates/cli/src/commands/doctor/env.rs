//! What an environment's configuration needs from around it: variables, a terminal, a fly.toml that can be deployed.

use std::collections::BTreeSet;

use pipeline_core::Severity;

use super::check::Check;
use crate::address::without_login;
use crate::app::App;
use crate::commands::lint;
use crate::config::{Config, Confirm, Environment, Fly, url_variable};

/// What of `fly.toml` and of what lies beside it will hurt.
pub(super) fn lint(config: &Config, environment: &Environment, fly: &Fly) -> Vec<Check> {
    let name = fly.config.display().to_string();
    let findings = match lint::look(config, environment, fly) {
        Ok(findings) => findings,
        Err(error) => {
            return vec![
                Check::bad(&name, error.to_string())
                    .mend("name the right file: config = \"fly.toml\""),
            ];
        }
    };
    let worst = findings.iter().find(|it| it.severity == Severity::Error);
    let Some(first) = worst.or_else(|| findings.iter().find(|it| it.severity == Severity::Warning))
    else {
        return vec![Check::good(&name, "nothing in it will hurt a deploy")];
    };
    let place = first.place().unwrap_or_default();
    let more = if findings.len() > 1 {
        format!(" (and {} more)", findings.len() - 1)
    } else {
        String::new()
    };
    let message = format!("{place}: {}{more}", first.message);
    let check =
        if worst.is_some() { Check::bad(&name, message) } else { Check::warn(&name, message) };
    let remedy = first.remedy.as_deref().unwrap_or("see the finding").to_owned();
    let all = format!("; `pipeline lint {}` shows all", environment.name);
    vec![check.mend(if findings.len() > 1 { remedy + &all } else { remedy })]
}

pub(super) fn look(app: &App, environment: &Environment) -> Vec<Check> {
    let mut checks = variables(environment);
    let variable = url_variable(&environment.name);
    if let Some(url) = app.var(&variable) {
        let goes = format!("is set: verification goes to {}", without_login(url));
        checks.push(Check::warn(&variable, goes).mend("unset it to go where pipeline.toml says"));
    }
    if environment.confirm != Confirm::Never && !app.around.can_ask {
        checks.push(
            Check::warn(
                "terminal",
                "a deploy here is confirmed, and there is no terminal to ask at",
            )
            .mend("add --yes to `pipeline deploy` where nobody sits"),
        );
    }
    checks
}

/// The variables that the configuration names: whether they are set, never what they hold.
fn variables(environment: &Environment) -> Vec<Check> {
    let verify = &environment.verify;
    let smoke = verify.smoke.checks.iter().filter_map(|it| it.bearer.as_ref());
    let latency = verify.performance.endpoints.iter().filter_map(|it| it.bearer.as_ref());
    let bearers = smoke.chain(latency).chain(verify.watch.bearer.as_ref());
    let needed: BTreeSet<(&str, bool)> =
        bearers.map(|(name, value)| (name.as_str(), value.is_some())).collect();
    let of_journeys = verify.journeys.iter().flat_map(|it| it.0.secrets.values());
    let optional: BTreeSet<(&str, bool)> =
        of_journeys.map(|it| (it.name(), it.secret().is_some())).collect();
    let needed = needed.iter().map(|(name, is_set)| {
        if *is_set {
            return Check::good(name, "set");
        }
        Check::bad(name, "not set, and a check sends it").mend(format!(
            "export {name}=…, in CI as a secret of the environment {}",
            environment.name
        ))
    });
    let optional = optional.iter().map(|(name, is_set)| {
        if *is_set {
            return Check::good(name, "set");
        }
        Check::warn(name, "not set: the journeys that need it are skipped")
            .mend(format!("export {name}=…"))
    });
    needed.chain(optional).collect()
}
