//! The doctrine of a project, as it is configured.

use gates_mix::doctrine::{Doctrine, Pillar, Settings, standard, team};

use crate::config;
use crate::error::{CliError, did_you_mean};

/// The pillars with what the team decided about them; only those of `only`, where it names any.
pub(crate) fn doctrine(
    configured: &config::Doctrine,
    only: &[String],
) -> Result<Doctrine, CliError> {
    let failed = |error: gates_mix::doctrine::DoctrineError| {
        let hint = error.hint();
        CliError::usage(format!("the doctrine: {error}")).hint(hint)
    };
    let mut pillars = standard(&Settings { strict: configured.strict });
    let ours = standard(&Settings::default());
    let taken: Vec<_> = ours.iter().map(|it| it.code()).collect();
    pillars.extend(team(configured.rules.clone(), &taken).map_err(failed)?);
    known_levels(configured, &pillars)?;
    let only = if only.is_empty() { &configured.only } else { only };
    known_pillars(only, &pillars)?;
    Doctrine::new(pillars)
        .levels(configured.levels.clone())
        .exclude(configured.exclude.clone())
        .demand_reasons(configured.demand_reasons)
        .only(only)
        .map_err(failed)
}

fn known_pillars(only: &[String], pillars: &[Box<dyn Pillar>]) -> Result<(), CliError> {
    let codes: Vec<_> = pillars.iter().map(|it| it.code()).collect();
    let Some(unknown) = only.iter().find(|it| !codes.contains(&it.as_str())) else { return Ok(()) };
    let error = CliError::usage(format!("there is no pillar `{unknown}`"));
    Err(match did_you_mean(&unknown.to_uppercase(), codes.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("pillars are: {}", codes.join(", "))),
    })
}

/// A decision about a rule that there is not would say nothing, and nobody would see it.
fn known_levels(
    configured: &config::Doctrine,
    pillars: &[Box<dyn Pillar>],
) -> Result<(), CliError> {
    let rules = pillars.iter().flat_map(|it| it.rules()).map(|it| it.code.to_string());
    let codes = pillars.iter().map(|it| it.code().to_owned());
    let all: Vec<_> = codes.chain(rules).collect();
    let unknown = configured
        .levels
        .iter()
        .map(|(code, _)| code)
        .find(|code| !all.iter().any(|it| it == code));
    let Some(unknown) = unknown else { return Ok(()) };
    let error = CliError::usage(format!(
        "levels of the doctrine: there is no pillar and no rule `{unknown}`"
    ));
    Err(match did_you_mean(unknown, all.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(
            "`pipeline doctrine --format json` names all pillars, docs/doctrine.md all rules",
        ),
    })
}
