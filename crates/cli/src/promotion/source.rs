//! Which release an environment has verified, read from the store.

use gates_release::{Candidate, Standing};
use pipeline_core::{Account, Record, RunId};
use store_sql::{RunFilter, RunRow, Store};

use super::standing::{Last, last, verified};
use crate::app::Setting;
use crate::args::DeployChoice;
use crate::config::{Config, Environment, Target};
use crate::error::CliError;
use crate::exit::Exit;
use crate::session::{has_store, open_store};
use crate::wire::target_name;

/// So many runs are looked back at: those that touched nothing count as well.
const FAR_ENOUGH: u32 = 100;

/// What `--from` brings, if it was said.
pub(crate) async fn chosen(
    setting: Setting<'_>,
    choice: &DeployChoice,
) -> Result<Option<Candidate>, CliError> {
    let Some(name) = &choice.from else { return Ok(None) };
    let config = setting.config;
    let source = config.environment(name)?;
    different(source, setting.environment)?;
    let nothing = || Standing::Not {
        why: format!("{name} has verified nothing yet that this store knows of"),
        remedy: format!("`pipeline deploy {name}`"),
    };
    let standing = if has_store(config).await? {
        standing(&open_store(config).await?, source).await?
    } else {
        nothing()
    };
    match standing {
        Standing::Verified(candidate) => Ok(Some(candidate)),
        Standing::Not { why, remedy } => {
            let to = &setting.environment.name;
            let message = format!("nothing of {name} can be promoted to {to}: {why}");
            Err(CliError::new(Exit::NotAllowed, message).hint(remedy))
        }
    }
}

/// Two environments that are two places.
fn different(source: &Environment, to: &Environment) -> Result<(), CliError> {
    if let Target::None = source.target {
        return Err(CliError::usage(format!(
            "nothing is deployed to {}: it has target = \"none\"",
            source.name
        )));
    }
    if target_name(source) == target_name(to) {
        let message = format!("{} and {} are one app", source.name, to.name);
        return Err(CliError::usage(message).hint("name an environment with an app of its own"));
    }
    Ok(())
}

/// How an environment stands.
pub(super) async fn standing(store: &Store, source: &Environment) -> Result<Standing, CliError> {
    let filter = RunFilter {
        target: Some(target_name(source)),
        limit: Some(FAR_ENOUGH),
        ..RunFilter::default()
    };
    let rows = store.runs(&filter).await?;
    match last(&source.name, &rows) {
        Last::Verified(row) => candidate(store, &source.name, row).await,
        Last::Not { why, remedy } => Ok(Standing::Not { why, remedy }),
    }
}

async fn candidate(store: &Store, name: &str, row: &RunRow) -> Result<Standing, CliError> {
    let version = &row.version;
    let not = |why: String, remedy: String| Ok(Standing::Not { why, remedy });
    let records = store.records(&row.id).await?;
    let Some(image) = built(&records).filter(|it| it.contains('@')) else {
        let why = format!(
            "{version} of {name} is known by a tag only, which may mean another image by now"
        );
        return not(why, format!("`pipeline deploy {name}` where its registry answers"));
    };
    let checks = verified(&Account::of(&store.events(&row.id).await?));
    if checks.is_empty() {
        let why = format!("nobody has verified {version} of {name}");
        return not(
            why,
            "add [[verify.smoke.checks]] to pipeline.toml, and deploy it again".into(),
        );
    }
    Ok(Standing::Verified(Candidate {
        environment: name.to_owned(),
        version: version.clone(),
        run: row.id.clone(),
        image: image.to_owned(),
        revision: row.begun.revision.clone(),
        verified: row.ended.unwrap_or(row.started),
        checks,
    }))
}

/// What a run promoted that is resumed before it has touched anything.
pub(crate) async fn of_run(
    config: &Config,
    store: &Store,
    promotes: &RunId,
) -> Result<Option<Candidate>, CliError> {
    let Some(row) = store.run(promotes.as_str()).await? else { return Ok(None) };
    // An environment that is called otherwise by now cannot be asked.
    let name = config.environment(&row.begun.environment)?.name.clone();
    match candidate(store, &name, &row).await? {
        Standing::Verified(candidate) => Ok(Some(candidate)),
        Standing::Not { why, remedy } => Err(CliError::new(Exit::NotAllowed, why).hint(remedy)),
    }
}

fn built(records: &[Record]) -> Option<&str> {
    records.iter().rev().find_map(|it| match it {
        Record::Built { artifact } => Some(artifact.reference.as_str()),
        _ => None,
    })
}
