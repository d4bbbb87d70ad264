//! `pipeline rollback ENV [--to vN]`: bring back a recorded release, exactly, then verify it.

use pipeline_core::Conclusion;
use store_sql::{RunFilter, RunKind, RunOutcome, RunRow};

use crate::app::{App, Setting};
use crate::args::{GateChoice, Rollback};
use crate::commands::{deploy, plan};
use crate::config::Confirm;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::session::{Session, Way};
use crate::wire::{self, Wanted};

pub(crate) async fn run(app: &App, args: Rollback) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    setting.environment.fly()?;
    let session = Session::open(setting).await?;
    let to = choose(&session, args.to.as_deref()).await?;
    let records = session.store.records(&to.id).await?;
    let wanted = Wanted::again(setting, &to, &records)?;
    let image = wanted.image.clone();
    app.say(Tone::Head, &format!("bringing back {}", to.version));
    let wanted = wanted.ahead(setting, &session.store, (RunKind::Rollback, None)).await?;
    let pipeline = wire::pipeline(setting, wanted, &GateChoice::none()).await?;
    if setting.environment.confirm != Confirm::Never && !args.yes {
        plan::explain(setting, &pipeline, image.as_deref()).await?;
        deploy::confirm(setting)?;
    }
    let mut new = wire::new_run(&session, RunKind::Rollback, pipeline.target(), image).await;
    new.restores = Some(to.id);
    new.revision = to.begun.revision;
    let berth = session.begin(&new).await?;
    deploy::finish(&session, &pipeline, berth, Way::New).await
}

/// The named release; else the last verified one before the one that serves now.
async fn choose(session: &Session<'_>, named: Option<&str>) -> Result<RunRow, CliError> {
    let environment = session.setting.environment;
    let filter = RunFilter {
        environment: Some(environment.name.clone()),
        outcome: Some(RunOutcome::Pass),
        limit: Some(50),
        ..RunFilter::default()
    };
    let good = session.store.runs(&filter).await?;
    let none = |what: String| {
        let known: Vec<&str> = good.iter().map(|it| it.version.as_str()).collect();
        let error = CliError::usage(what);
        if known.is_empty() {
            error.hint("only releases that this store saw verified can be brought back")
        } else {
            error.hint(format!("verified releases are: {}", known.join(", ")))
        }
    };
    match named {
        Some(name) => {
            good.iter().find(|it| it.version == name).cloned().ok_or_else(|| {
                none(format!("{name} is no verified release of {}", environment.name))
            })
        }
        None => earlier(session, &good).await?.ok_or_else(|| {
            none(format!("there is no verified release of {} before this one", environment.name))
        }),
    }
}

/// The newest verified release that does not run now: after a failed run that was left, the last
/// verified one; else the one before it.
async fn earlier(session: &Session<'_>, good: &[RunRow]) -> Result<Option<RunRow>, CliError> {
    let filter = RunFilter {
        environment: Some(session.setting.environment.name.clone()),
        limit: Some(1),
        ..RunFilter::default()
    };
    let last = session.store.runs(&filter).await?.into_iter().next();
    let dirty = last.is_some_and(|it| {
        let conclusion = it.ending.and_then(|it| it.conclusion);
        matches!(conclusion, Some(Conclusion::Left | Conclusion::Stuck))
    });
    let Some(current) = good.first() else { return Ok(None) };
    if dirty {
        return Ok(Some(current.clone()));
    }
    Ok(good
        .iter()
        .skip(1)
        .find(|it| it.begun.image != current.begun.image && it.bad.is_none())
        .cloned())
}
