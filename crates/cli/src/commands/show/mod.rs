//! `pipeline show [RUN]`: one run again, out of the store, as it was told while it ran.

mod head;
mod latency;
mod object;
mod replay;
mod tail;

use pipeline_core::Account;
use store_sql::{RunFilter, RunRow, Store};

use crate::app::App;
use crate::args::Show;
use crate::config::Config;
use crate::ending::Ending;
use crate::error::{CliError, did_you_mean};
use crate::exit::Exit;
use crate::exports::Files;
use crate::render::Tone;
use crate::session::look_into_store;

use latency::Measured;
pub(crate) use replay::account_of;

/// So many of the newest runs are named where somebody asks for one that does not exist.
const NEWEST: u32 = 50;

/// Why a run that is over has no events.
const LET_GO: &str = "old runs let go of theirs: [store] keep, and `pipeline store prune`; one that died at once had none";

/// A run, and what all of its events came to.
struct Shown<'a> {
    app: &'a App,
    config: &'a Config,
    row: &'a RunRow,
    account: &'a Account,
    ending: Option<Ending>,
    measured: Vec<Measured>,
    /// Did another run write its logs since?
    newest: bool,
}

pub(crate) async fn run(app: &App, args: Show) -> Result<Exit, CliError> {
    let config = app.config()?;
    let files = Files::open(&args.files, app.global.config.as_deref(), &app.around.cwd)?;
    let Some(store) = look_into_store(&config).await? else { return nothing(app, &args) };
    let newest = store.runs(&RunFilter { limit: Some(1), ..RunFilter::default() }).await?.pop();
    let row = match &args.run {
        Some(name) => Some(named(&store, name).await?),
        None => newest.clone(),
    };
    let Some(row) = row else { return nothing(app, &args) };
    let newest = newest.is_some_and(|it| it.id == row.id);
    tell(app, &config, (&store, &row, newest), &files).await
}

/// Tells a run again, and writes it to the files that are wanted.
async fn tell(
    app: &App,
    config: &Config,
    (store, row, newest): (&Store, &RunRow, bool),
    files: &Files,
) -> Result<Exit, CliError> {
    let bare = row.ended.is_some() && store.events_page(&row.id, 0, 1).await?.is_empty();
    if bare && files.are_wanted() {
        return Err(no_details(row));
    }
    let secrets = app.secrets(Some(config));
    let human = !app.json() && app.global.events.as_deref() != Some("-");
    if human {
        app.fact(secrets.strike(&head::text(row)).as_ref())?;
    }
    if bare {
        app.say(Tone::Dim, &format!("there are no events of {}: {LET_GO}", row.version));
    }
    let how = replay::How { aloud: human, whole: files.are_wanted() };
    let account = replay::replay(app, &secrets, (store, row), how).await?;
    let shown = Shown {
        app,
        config,
        row,
        account: &account,
        ending: ending(store, row).await?,
        measured: latency::measured_in(store.samples(&row.id).await?),
        newest,
    };
    if app.json() {
        app.object(&secrets, object::of(&shown))?;
    } else if human {
        app.fact(secrets.strike(tail::text(&shown).trim_end()).as_ref())?;
    }
    match files.write(&account).pop().or_else(|| app.unwritten_events()) {
        Some(trouble) => Err(CliError::usage(trouble)),
        None => Ok(Exit::Good),
    }
}

/// The run of this name.
async fn named(store: &Store, name: &str) -> Result<RunRow, CliError> {
    if let Some(row) = store.run(name).await? {
        return Ok(row);
    }
    let filter = RunFilter { limit: Some(NEWEST), ..RunFilter::default() };
    let known: Vec<String> = store.runs(&filter).await?.into_iter().map(|it| it.version).collect();
    let error = CliError::usage(format!("there is no run `{name}`"));
    let meant = format!("v{}", name.trim_start_matches(['v', 'V']));
    let near = known.iter().find(|it| **it == meant).map(String::as_str);
    let near = near.or_else(|| did_you_mean(name, known.iter().map(String::as_str)));
    Err(match (near, known.as_slice()) {
        (Some(near), _) => error.hint(format!("did you mean `{near}`?")),
        (None, []) => error.hint("there are no runs yet"),
        (None, [newest, ..]) => {
            error.hint(format!("the newest is `{newest}`; `pipeline history` lists them"))
        }
    })
}

/// What a run told is gone, or it told nothing.
fn no_details(row: &RunRow) -> CliError {
    let what = format!("there are no events of {} that could be written", row.version);
    CliError::usage(what).hint(LET_GO)
}

/// Nothing was ever kept. Whoever named a run is told that it does not exist.
fn nothing(app: &App, args: &Show) -> Result<Exit, CliError> {
    if let Some(name) = &args.run {
        let error = CliError::usage(format!("there is no run `{name}`"));
        return Err(error.hint("there are no runs yet"));
    }
    if args.files.junit.is_some() || args.files.sarif.is_some() {
        return Err(CliError::usage("there are no runs yet: there is nothing to write"));
    }
    if app.json() {
        app.object(&app.secrets(None), serde_json::json!({ "schema": 1, "run": null }))?;
    } else {
        app.say(Tone::Dim, "no runs yet");
    }
    Ok(Exit::Good)
}

/// How it ended, as its own records tell; `None` while it has no end, and where it came to none.
async fn ending(store: &Store, row: &RunRow) -> Result<Option<Ending>, CliError> {
    let Some(conclusion) = row.ending.and_then(|it| it.conclusion) else { return Ok(None) };
    let records = store.records(&row.id).await?;
    // Steps are kept also where the events are gone.
    let steps = store.steps(&row.id).await?;
    let looked = steps.iter().any(|it| it.phase == pipeline_core::Phase::Verify);
    Ok(Some(Ending::of(conclusion, &records).verified(looked)))
}
