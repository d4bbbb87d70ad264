//! `pipeline rollback ENV [--to vN]`: bring back a recorded release, exactly, then verify it.

use store_sql::{RunFilter, RunKind, RunOutcome, RunRow};

use crate::app::{App, Setting};
use crate::args::{GateChoice, Rollback};
use crate::commands::deploy;
use crate::commands::plan::{self, Shown};
use crate::commands::recover::way_back;
use crate::config::Confirm;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::session::{Session, Way};
use crate::wire::{self, Wanted};

/// So many runs that changed something are looked through for one to go back to.
const FAR_ENOUGH: u32 = 500;

/// So many are named where somebody has to choose.
const MOST_NAMED: usize = 20;

/// Why there is none.
const SEEN: &str = "only releases that this store saw verified can be brought back";

pub(crate) async fn run(app: &App, args: Rollback) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    setting.environment.fly()?;
    let name = &setting.environment.name;
    let waiting = app.waiting(&format!("looking for what {name} can go back to"));
    let session = Session::open(setting).await?;
    session.nothing_is_open(&wire::target_name(setting.environment)).await?;
    let to = choose(&session, args.to.as_deref()).await?;
    drop(waiting);
    bring_back(&session, to, args.yes).await
}

/// Brings back what this run brought, exactly, and verifies it.
pub(crate) async fn bring_back(
    session: &Session<'_>,
    to: RunRow,
    yes: bool,
) -> Result<Exit, CliError> {
    let setting = session.setting;
    let records = session.store.records(&to.id).await?;
    let wanted = Wanted::again(setting, &to, &records)?;
    let image = wanted.image.clone();
    setting.app.mention(Tone::Head, &format!("bringing back {}", to.version));
    let wanted = wanted.ahead(setting, &session.store, (RunKind::Rollback, None)).await?;
    let pipeline = wire::pipeline(setting, wanted, &GateChoice::none()).await?;
    if setting.environment.confirm != Confirm::Never && !yes {
        plan::explain(setting, &pipeline, &Shown::image(image.clone())).await?;
        deploy::confirm(setting)?;
    }
    let mut new = wire::new_run(session, RunKind::Rollback, pipeline.target(), image).await;
    new.restores = Some(to.id);
    new.revision = to.begun.revision;
    let berth = session.begin(&new).await?;
    deploy::finish(session, &pipeline, berth, Way::New).await
}

/// The named release; else the last verified one that nobody has left behind.
async fn choose(session: &Session<'_>, named: Option<&str>) -> Result<RunRow, CliError> {
    let environment = &session.setting.environment.name;
    let filter = RunFilter {
        environment: Some(environment.clone()),
        changed: true,
        limit: Some(FAR_ENOUGH),
        ..RunFilter::default()
    };
    let rows = session.store.runs(&filter).await?;
    let Some(name) = named else {
        return way_back(&rows, true).cloned().ok_or_else(|| nothing_earlier(environment, &rows));
    };
    let row = session.store.run(name).await?;
    row.filter(|it| it.begun.environment == *environment && is_verified(it)).ok_or_else(|| {
        let what = format!("{name} is no verified release of {environment}");
        CliError::usage(what).hint(match verified(&rows) {
            known if known.is_empty() => SEEN.to_owned(),
            known => format!("verified releases are: {known}"),
        })
    })
}

fn nothing_earlier(environment: &str, rows: &[RunRow]) -> CliError {
    match verified(rows) {
        known if known.is_empty() => {
            CliError::usage(format!("no release of {environment} was verified")).hint(SEEN)
        }
        known => CliError::usage(format!(
            "there is no other verified release of {environment} before the one in place"
        ))
        .hint(format!("`--to VERSION` brings back the one that you name; verified are {known}")),
    }
}

fn is_verified(row: &RunRow) -> bool {
    row.ending.is_some_and(|it| it.outcome == RunOutcome::Pass)
}

/// Their names, the newest first.
fn verified(rows: &[RunRow]) -> String {
    let names = rows.iter().filter(|it| is_verified(it)).take(MOST_NAMED);
    names.map(|it| it.version.as_str()).collect::<Vec<_>>().join(", ")
}
