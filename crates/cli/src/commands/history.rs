//! `pipeline history [ENV]`: the runs so far, newest first.

use serde_json::{Value, json};
use store_sql::{RunFilter, RunRow, Store};

use crate::app::App;
use crate::args::History;
use crate::commands::deploy::history_line;
use crate::config::HEALTH_SCORE;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::session::open_store;

pub(crate) async fn run(app: &App, args: History) -> Result<Exit, CliError> {
    let config = app.config()?;
    if let Some(name) = &args.environment {
        config.environment(name)?;
    }
    let store = open_store(&config).await?;
    let filter = RunFilter {
        environment: args.environment,
        limit: Some(args.limit),
        ..RunFilter::default()
    };
    let runs = store.runs(&filter).await?;
    if app.json() {
        let mut objects = Vec::new();
        for row in &runs {
            objects.push(object(&store, row).await?);
        }
        app.object(&app.secrets(Some(&config)), json!({ "schema": 1, "runs": objects }))?;
    } else if runs.is_empty() {
        app.say(Tone::Dim, "no runs yet");
    } else {
        for row in &runs {
            let score = score(&store, row).await?.map(|it| format!(" | score {it:.1}"));
            app.fact(&(history_line(row) + &score.unwrap_or_default()))?;
        }
    }
    Ok(Exit::Good)
}

/// The health score of a run, where its gate came to one.
async fn score(store: &Store, row: &RunRow) -> Result<Option<f64>, CliError> {
    let outcome = store.outcome(&row.id, HEALTH_SCORE).await?;
    Ok(outcome.and_then(|it| it.ok()?.numbers().get("score").copied()))
}

async fn object(store: &Store, row: &RunRow) -> Result<Value, CliError> {
    let phases = store.phases(&row.id).await?;
    let phases: Vec<Value> = phases
        .iter()
        .map(|it| json!({ "phase": it.phase, "verdict": it.verdict, "took_ms": it.took_ms }))
        .collect();
    Ok(json!({
        "run": row.id,
        "version": row.version,
        "kind": row.begun.kind,
        "started": format!("{:.3}", row.started),
        "environment": row.begun.environment,
        "outcome": row.ending.map(|it| it.outcome),
        "conclusion": row.ending.and_then(|it| it.conclusion),
        "exit": row.ending.map(|it| it.exit_code),
        "duration_ms": row.duration_ms(),
        "traffic_back_ms": row.traffic_back_ms,
        "image": row.begun.image,
        "revision": row.begun.revision,
        "who": row.begun.who,
        "host": row.begun.host,
        "phases": phases,
        "score": score(store, row).await?,
    }))
}
