//! What is known of a run before it starts, and keeps its policy from making things worse.

use std::path::Path;

use gates_mix::migrations::{self, MigrationsError};
use pipeline_core::{BadRelease, Circumstances, Conclusion, Finding, Severity};
use store_sql::{RunFilter, RunKind, RunRow, Store};

use crate::app::Setting;
use crate::config::{Irreversible, Rollback};
use crate::error::{CliError, chain};
use crate::wire::provenance::digest;

/// So many runs are looked back at for the release that serves.
const FAR_ENOUGH: u32 = 50;

/// A run, before there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead<'a> {
    pub(crate) kind: RunKind,
    /// The target's name.
    pub(crate) target: &'a str,
    /// What it brings, if that is not yet to be built.
    pub(crate) image: Option<&'a str>,
    /// Only what was before this run counts; all of it if not said.
    pub(crate) before: Option<i64>,
}

/// What the history and the project's files say of a run before it starts.
pub(crate) async fn circumstances(
    setting: Setting<'_>,
    store: &Store,
    ahead: Ahead<'_>,
) -> Result<Circumstances, CliError> {
    let serving = serving(store, ahead).await?;
    let back_to_bad = match &serving {
        Some(row) => back_to_bad(store, row).await?,
        None => None,
    };
    let rolls_back = ahead.kind == RunKind::Rollback;
    let known = Circumstances { rolls_back, back_to_bad, ..Circumstances::default() };
    // A rollback runs no migration that is new.
    let known =
        if rolls_back { known } else { with_migrations(setting, serving.as_ref(), known).await };
    bad_again(store, ahead, known).await
}

/// The run whose release serves now, as far as history knows.
async fn serving(store: &Store, ahead: Ahead<'_>) -> Result<Option<RunRow>, CliError> {
    let filter = RunFilter {
        target: Some(ahead.target.to_owned()),
        before: ahead.before,
        limit: Some(FAR_ENOUGH),
        ..RunFilter::default()
    };
    Ok(newest_in_place(store.runs(&filter).await?))
}

/// Of runs, newest first, the one that left its release in place. After one that is stuck nobody knows.
fn newest_in_place(rows: Vec<RunRow>) -> Option<RunRow> {
    for row in rows {
        match row.ending.and_then(|it| it.conclusion) {
            Some(Conclusion::Succeeded | Conclusion::Left) => return Some(row),
            Some(Conclusion::Stuck) => return None,
            Some(Conclusion::Rejected | Conclusion::RolledBack) | None => {}
        }
    }
    None
}

/// Is the release of this run, or the one that it brought back, marked bad?
async fn back_to_bad(store: &Store, row: &RunRow) -> Result<Option<BadRelease>, CliError> {
    let restored = match &row.begun.restores {
        Some(id) => store.run(id.as_str()).await?,
        None => None,
    };
    Ok(restored.iter().chain([row]).find_map(is_bad))
}

/// Is the run marked bad that brought the same image last, to whatever environment? A name alone may be another image by
/// now: then nobody can tell.
async fn bad_again(
    store: &Store,
    ahead: Ahead<'_>,
    mut known: Circumstances,
) -> Result<Circumstances, CliError> {
    let Some(image) = ahead.image else { return Ok(known) };
    let filter =
        RunFilter { before: ahead.before, limit: Some(FAR_ENOUGH), ..RunFilter::default() };
    // A release that nothing was tried with says nothing of it.
    let conclusion = |it: &RunRow| it.ending.and_then(|it| it.conclusion);
    let tried = |it: &RunRow| conclusion(it).is_some_and(|it| it != Conclusion::Rejected);
    let brought = |it: &RunRow| it.begun.image.as_deref().is_some_and(|it| may_be(it, image));
    let runs = store.runs(&filter).await?;
    let Some(bad) = runs.iter().find(|it| brought(it) && tried(it)).and_then(is_bad) else {
        return Ok(known);
    };
    if digest(image).is_some() {
        return Ok(Circumstances { bad_again: Some(bad), ..known });
    }
    let BadRelease { version, why } = bad;
    known
        .unknown
        .push(format!("{version} brought an image of this name, and is marked bad ({why})"));
    Ok(known)
}

/// Is what a run brought, with its digest, what is wanted, as far as one can tell?
fn may_be(brought: &str, wanted: &str) -> bool {
    match digest(wanted) {
        Some(wanted) => digest(brought) == Some(wanted),
        None => brought.split('@').next() == Some(wanted),
    }
}

fn is_bad(row: &RunRow) -> Option<BadRelease> {
    Some(BadRelease { version: row.version.clone(), why: row.bad.clone()? })
}

async fn with_migrations(
    setting: Setting<'_>,
    serving: Option<&RunRow>,
    known: Circumstances,
) -> Circumstances {
    let Rollback { irreversible, .. } = &setting.environment.rollback;
    if *irreversible == Irreversible::Ignore {
        return known;
    }
    let (dir, mode) = (setting.config.dir.clone(), *irreversible);
    let revision = serving.and_then(|it| it.begun.revision.clone());
    // Git is asked on a thread of its own; one that dies there has told nothing.
    let looked = tokio::task::spawn_blocking(move || look(&dir, revision.as_deref()));
    match looked.await.unwrap_or_else(|_| Looked::Unknown("they could not be looked at".into())) {
        Looked::Nothing => known,
        Looked::Unknown(why) => {
            let text = format!(
                "nobody can tell whether this release brings migrations that cannot be undone: {why}"
            );
            Circumstances { unknown: vec![text], ..known }
        }
        Looked::Found(found) => sorted(&found, mode, known),
    }
}

enum Looked {
    /// There is no migration.
    Nothing,
    /// What is said about those that are new.
    Found(Vec<Finding>),
    /// Why that is not known.
    Unknown(String),
}

fn look(dir: &Path, revision: Option<&str>) -> Looked {
    if !migrations::any(dir) {
        return Looked::Nothing;
    }
    let Some(revision) = revision else {
        return Looked::Unknown(
            "from which commit the release that serves was made is not known".into(),
        );
    };
    match migrations::new_since(dir, revision) {
        Ok(new) => Looked::Found(migrations::irreversible(&new)),
        Err(error @ MigrationsError::Git { .. }) => Looked::Unknown(chain(&error)),
    }
}

/// What cannot be undone, and what nobody could tell, each where it belongs.
fn sorted(found: &[Finding], mode: Irreversible, known: Circumstances) -> Circumstances {
    let line = |it: &Finding| {
        let place = it.place().unwrap_or_else(|| "a migration".into());
        format!("{place}: {}", it.message)
    };
    let (certain, mut unknown): (Vec<&Finding>, Vec<&Finding>) =
        found.iter().partition(|it| it.severity == Severity::Error);
    if mode == Irreversible::Warn {
        unknown.splice(0..0, certain.iter().copied());
        return Circumstances { unknown: unknown.into_iter().map(line).collect(), ..known };
    }
    let irreversible = certain.into_iter().map(line).collect();
    Circumstances { irreversible, unknown: unknown.into_iter().map(line).collect(), ..known }
}

#[cfg(test)]
#[path = "circumstances_tests.rs"]
mod tests;
