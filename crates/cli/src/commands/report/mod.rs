//! `pipeline report [ENV] --out FILE`: the runs so far as one HTML file.

mod gather;

use std::path::Path;

use pipeline_report::{Page, Place, html};
use serde_json::json;

use crate::app::App;
use crate::args::Report;
use crate::config::Config;
use crate::destination::Destination;
use crate::error::{CliError, chain};
use crate::exit::Exit;
use crate::session::open_store;

pub(crate) use gather::{Gather, no_run};

pub(crate) async fn run(app: &App, args: Report) -> Result<Exit, CliError> {
    let config = app.config()?;
    let destination = destination(app, &args.out)?;
    let store = open_store(&config).await?;
    let gather = Gather { config: &config, store: &store, place: Place::File, limit: args.limit };
    let page = match &args.run {
        Some(name) => {
            let row = store.run(name).await?.ok_or_else(|| no_run(name))?;
            gather.one(row).await?
        }
        None => gather.environments(args.environment.as_deref()).await?,
    };
    let text = page_text(app, &config, &page)?;
    match destination {
        None => app.fact(&text)?,
        Some(it) => {
            let replaced = it.write(&text).map_err(CliError::usage)?;
            told(app, &args.out, (&page, text.len(), replaced))?;
        }
    }
    Ok(Exit::Good)
}

/// Where the page goes; `None` is standard output.
fn destination(app: &App, out: &Path) -> Result<Option<Destination>, CliError> {
    if out.as_os_str() != "-" {
        return Destination::open("--out", &app.around.cwd, out).map(Some);
    }
    if app.json() {
        return Err(CliError::usage("--out - and --format json both want standard output")
            .hint("name a file: --out report.html"));
    }
    Ok(None)
}

/// The page as text, without any secret.
pub(crate) fn page_text(app: &App, config: &Config, page: &Page) -> Result<String, CliError> {
    let secrets = app.secrets(Some(config));
    html(page, move |text| secrets.strike(text).into_owned().into())
        .map_err(|error| CliError::new(Exit::Bug, chain(&error)))
}

fn told(
    app: &App,
    out: &Path,
    (page, bytes, replaced): (&Page, usize, bool),
) -> Result<(), CliError> {
    let runs: usize = page.environments.iter().map(|it| it.runs.len()).sum();
    let runs = if page.environments.is_empty() { usize::from(page.run.is_some()) } else { runs };
    if app.json() {
        let object =
            json!({ "schema": 1, "file": out, "bytes": bytes, "runs": runs, "replaced": replaced });
        return app.object(&app.secrets(None), object);
    }
    let what = if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    let replaced = if replaced { ", in place of an older file" } else { "" };
    app.fact(&format!("{}: {what}, {} kB{replaced}", out.display(), bytes.div_ceil(1000)))
}
