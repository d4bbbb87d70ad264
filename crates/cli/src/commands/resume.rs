//! `pipeline resume [RUN]`: go on with, or take back, a run that was interrupted.

use pipeline_core::{Conclusion, Gate, Pipeline, Record, RunId, Step};
use store_sql::{RunFilter, RunRow, Store};

use crate::app::{App, Setting};
use crate::args::{GateChoice, Resume};
use crate::commands::deploy;
use crate::error::CliError;
use crate::exit::Exit;
use crate::promotion::{self, Rules};
use crate::render::Tone;
use crate::session::{Aim, Berth, Session, Way, is_touched, open_store};
use crate::wire::{self, Wanted};

pub(crate) async fn run(app: &App, args: Resume) -> Result<Exit, CliError> {
    let config = app.config()?;
    let waiting = app.waiting("looking for what was interrupted");
    let store = open_store(&config).await?;
    let row = find(&store, args.run.as_deref()).await?;
    let setting = Setting::of(app, &config, &row.begun.environment)?;
    let session = Session { setting, store, aim: Aim::Release };
    drop(waiting);
    let how = match (args.back, args.despite_freeze) {
        (true, _) => How::Back,
        (false, despite_freeze) => How::On { despite_freeze },
    };
    carry_on(&session, row, how).await
}

/// Which way an interrupted run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It is taken back.
    Back,
    /// It goes on; where it has touched nothing yet, somebody may want that although it is frozen.
    On { despite_freeze: bool },
}

/// Goes on with a run, or takes it back.
pub(crate) async fn carry_on(
    session: &Session<'_>,
    row: RunRow,
    how: How,
) -> Result<Exit, CliError> {
    let lock = session.lock(&row.begun.target).await?;
    match ready(session, &row, how).await {
        Ok((pipeline, way)) => deploy::finish(session, &pipeline, Berth { row, lock }, way).await,
        Err(error) => {
            // Nothing was done with it; if it is lost already, that is as good.
            let _ = lock.release().await;
            Err(error)
        }
    }
}

/// What to go on with, read under the lock: until then another process may have written the run's end.
async fn ready(session: &Session<'_>, row: &RunRow, how: How) -> Result<(Pipeline, Way), CliError> {
    let row = find(&session.store, Some(&row.version)).await?;
    let records = session.store.records(&row.id).await?;
    let touched = is_touched(&records);
    if how == How::Back && !touched {
        return Err(CliError::usage(format!("{} has touched nothing yet", row.version))
            .hint("there is nothing to take back; a new deploy starts afresh"));
    }
    let (wanted, gates) = match &row.begun.restores {
        Some(id) if !touched => (earlier(session, &row, id).await?, GateChoice::none()),
        _ => {
            let wanted = Wanted::recorded(session.setting, &row, &records)?;
            // An old yes is worth nothing; but what has changed machines goes to its end.
            let rules = if touched { Vec::new() } else { rules(session, &row, how).await? };
            (wanted.under(rules), GateChoice::default())
        }
    };
    let so_far = (row.begun.kind, Some(row.number));
    let wanted = wanted.ahead(session.setting, &session.store, so_far).await?;
    let pipeline = wire::pipeline(session.setting, wanted, &gates).await?;
    let (then, now) = (&row.begun.target, pipeline.target());
    if then != now {
        let environment = &row.begun.environment;
        return Err(CliError::usage(format!(
            "{} was made against {then}, and the environment `{environment}` is {now} now",
            row.version
        ))
        .hint(format!("put the app of `{environment}` back in pipeline.toml, then resume it")));
    }
    if !touched {
        let files =
            if row.begun.restores.is_some() { "" } else { ", with the files as they are now" };
        let text = format!("nothing was touched yet: it starts from the beginning{files}");
        session.setting.app.mention(Tone::Dim, &text);
    }
    Ok((pipeline, way(how, records)))
}

/// The rules of the environment.
async fn rules(
    session: &Session<'_>,
    row: &RunRow,
    how: How,
) -> Result<Vec<Step<dyn Gate>>, CliError> {
    let promoted = match &row.begun.promotes {
        Some(run) => promotion::of_run(session.setting.config, &session.store, run).await?,
        None => None,
    };
    let despite_freeze = how == How::On { despite_freeze: true };
    Rules::of(session.setting, promoted).despite_freeze(despite_freeze).gates()
}

/// What a rollback brings back, whether it was interrupted or not.
async fn earlier(
    session: &Session<'_>,
    row: &RunRow,
    restores: &RunId,
) -> Result<Wanted, CliError> {
    let to = session.store.run(restores.as_str()).await?.ok_or_else(|| {
        CliError::usage(format!("the release that {} brings back is not known", row.version))
    })?;
    let records = session.store.records(&to.id).await?;
    Wanted::again(session.setting, &to, &records)
}

fn way(how: How, records: Vec<Record>) -> Way {
    if how == How::Back { Way::Back(records) } else { Way::On(records) }
}

async fn find(store: &Store, named: Option<&str>) -> Result<RunRow, CliError> {
    let row = match named {
        Some(name) => store.run(name).await?.ok_or_else(|| {
            CliError::usage(format!("there is no run `{name}`"))
                .hint("`pipeline history` lists the runs")
        })?,
        None => newest(store).await?,
    };
    if row.ending.is_some() && !is_stuck(&row) {
        return Err(CliError::usage(format!("{} is over: nothing to resume", row.version)).hint(
            format!("`pipeline rollback {}` brings back an earlier release", row.begun.environment),
        ));
    }
    Ok(row)
}

/// The newest run that was interrupted; else the newest stuck one that no verified run has followed.
async fn newest(store: &Store) -> Result<RunRow, CliError> {
    let some = RunFilter { limit: Some(50), ..RunFilter::default() };
    let open = store.runs(&RunFilter { unfinished: true, ..some.clone() }).await?;
    let all = store.runs(&some).await?;
    let stuck = all.iter().filter(|it| is_stuck(it)).find(|stuck| {
        let later = all.iter().take_while(|it| it.number > stuck.number);
        !later.into_iter().any(|it| it.begun.target == stuck.begun.target && is_verified(it))
    });
    open.into_iter()
        .next()
        .or_else(|| stuck.cloned())
        .ok_or_else(|| CliError::usage("no run was interrupted: there is nothing to resume"))
}

/// Did it end with one whole, verified release?
fn is_verified(row: &RunRow) -> bool {
    let conclusion = row.ending.and_then(|it| it.conclusion);
    matches!(conclusion, Some(Conclusion::Succeeded | Conclusion::RolledBack))
}

/// Did it end neither forward nor back? Then it can be resumed once somebody has mended what was wrong.
fn is_stuck(row: &RunRow) -> bool {
    row.ending.is_some_and(|it| it.conclusion == Some(Conclusion::Stuck))
}
