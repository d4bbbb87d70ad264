//! `pipeline resume [RUN]`: go on with, or take back, a run that was interrupted.

use pipeline_core::Record;
use store_sql::{RunFilter, RunRow, Store};

use crate::app::App;
use crate::args::{GateChoice, Resume};
use crate::commands::deploy;
use crate::error::CliError;
use crate::exit::Exit;
use crate::session::{Berth, Session, Way, is_touched, open_store};
use crate::wire::{self, Wanted};

pub(crate) async fn run(app: &App, args: Resume) -> Result<Exit, CliError> {
    let config = app.config()?;
    let store = open_store(&config).await?;
    let row = find(&store, args.run.as_deref()).await?;
    let environment = config.environment(&row.begun.environment)?;
    let records = store.records(&row.id).await?;
    if args.back && !is_touched(&records) {
        return Err(CliError::usage(format!("{} has touched nothing yet", row.version))
            .hint("there is nothing to take back; a new deploy starts afresh"));
    }
    let wanted = Wanted::recorded(app, environment, &row, &records)?;
    let pipeline = wire::pipeline(app, &config, environment, wanted, &GateChoice::default())?;
    let session = Session { app, config: &config, environment, store };
    let lock = session.lock(pipeline.target()).await?;
    let way = way(args.back, records);
    deploy::finish(&session, &pipeline, Berth { row, lock }, way).await
}

fn way(back: bool, records: Vec<Record>) -> Way {
    if back { Way::Back(records) } else { Way::On(records) }
}

async fn find(store: &Store, named: Option<&str>) -> Result<RunRow, CliError> {
    let row = match named {
        Some(name) => store.run(name).await?.ok_or_else(|| {
            CliError::usage(format!("there is no run `{name}`"))
                .hint("`pipeline history` lists the runs")
        })?,
        None => {
            let open = RunFilter { unfinished: true, limit: Some(1), ..RunFilter::default() };
            store.runs(&open).await?.into_iter().next().ok_or_else(|| {
                CliError::usage("no run was interrupted: there is nothing to resume")
            })?
        }
    };
    if row.ending.is_some() {
        return Err(CliError::usage(format!("{} is over: nothing to resume", row.version)).hint(
            format!("`pipeline rollback {}` brings back an earlier release", row.begun.environment),
        ));
    }
    Ok(row)
}
