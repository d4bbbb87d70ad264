//! `pipeline resume [RUN]`: go on with, or take back, a run that was interrupted.

use pipeline_core::Record;
use store_sql::{RunFilter, RunRow, Store};

use crate::app::{App, Setting};
use crate::args::{GateChoice, Resume};
use crate::commands::deploy;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::session::{Berth, Session, Way, is_touched, open_store};
use crate::wire::{self, Wanted};

pub(crate) async fn run(app: &App, args: Resume) -> Result<Exit, CliError> {
    let config = app.config()?;
    let store = open_store(&config).await?;
    let row = find(&store, args.run.as_deref()).await?;
    let setting = Setting::of(app, &config, &row.begun.environment)?;
    let records = store.records(&row.id).await?;
    if args.back && !is_touched(&records) {
        return Err(CliError::usage(format!("{} has touched nothing yet", row.version))
            .hint("there is nothing to take back; a new deploy starts afresh"));
    }
    if !is_touched(&records) {
        app.say(
            Tone::Dim,
            "nothing was touched yet: it starts from the gates, with the files as they are now",
        );
    }
    let wanted = Wanted::recorded(setting, &row, &records)?;
    let pipeline = wire::pipeline(setting, wanted, &GateChoice::default())?;
    let session = Session { setting, store };
    let lock = session.lock(pipeline.target()).await?;
    let way = way(args.back, records);
    deploy::finish(&session, &pipeline, Berth { row, lock }, way).await
}

fn way(back: bool, records: Vec<Record>) -> Way {
    if back { Way::Back(records) } else { Way::On(records) }
}

async fn find(store: &Store, named: Option<&str>) -> Result<RunRow, CliError> {
    let row = if let Some(name) = named {
        store.run(name).await?.ok_or_else(|| {
            CliError::usage(format!("there is no run `{name}`"))
                .hint("`pipeline history` lists the runs")
        })?
    } else {
        let open = RunFilter { unfinished: true, limit: Some(1), ..RunFilter::default() };
        let newest = store.runs(&open).await?.into_iter().next();
        newest
            .ok_or_else(|| CliError::usage("no run was interrupted: there is nothing to resume"))?
    };
    if row.ending.is_some() {
        return Err(CliError::usage(format!("{} is over: nothing to resume", row.version)).hint(
            format!("`pipeline rollback {}` brings back an earlier release", row.begun.environment),
        ));
    }
    Ok(row)
}
