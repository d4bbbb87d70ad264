//! `pipeline replay RUN`: judges what a run measured again, with other limits. Sends nothing.

use std::fmt::Write as _;

use pipeline_core::Check;
use serde_json::{Value, json};
use store_sql::{RunRow, Store};
use verify_http::{PerformanceConfig, Role, Series, judge_again};

use crate::app::App;
use crate::args::Replay;
use crate::error::CliError;
use crate::exit::Exit;
use crate::past::{measured, moment};
use crate::render::time;
use crate::session::open_store;
use crate::wire;

pub(crate) async fn run(app: &App, args: Replay) -> Result<Exit, CliError> {
    let config = app.config()?;
    let store = open_store(&config).await?;
    let Some(row) = store.run(&args.run).await? else {
        return Err(CliError::usage(format!("there is no run `{}`", args.run))
            .hint("`pipeline history` lists them"));
    };
    let environment = config.environment(&row.begun.environment)?;
    let batches = batches(&store, &row).await?;
    let mut limits = wire::performance_config(environment)?;
    let then = judged(&batches, &limits);
    limits.alert = args.alert.unwrap_or(limits.alert);
    limits.rollback = args.rollback.unwrap_or(limits.rollback);
    limits.check().map_err(|error| CliError::usage(error.to_string()))?;
    let now = judged(&batches, &limits);
    let verdict = now.iter().flatten().map(|it| it.verdict).max();
    if app.json() {
        let object = json!({
            "schema": 1,
            "run": row.id,
            "version": row.version,
            "alert": limits.alert,
            "rollback": limits.rollback,
            "verdict": verdict,
            "checks": now.iter().flatten().map(|it| json!(it)).collect::<Vec<Value>>(),
        });
        app.object(&app.secrets(Some(&config)), object)?;
    } else {
        let head = format!(
            "{} judged again with alert above {}×, rollback above {}×\n",
            row.version, limits.alert, limits.rollback
        );
        app.fact(&(head + words(&batches, &then, &now).trim_end()))?;
    }
    Ok(Exit::of_verdict(verdict))
}

/// What was measured, together after each stage.
async fn batches(store: &Store, row: &RunRow) -> Result<Vec<Vec<Series>>, CliError> {
    let batches = store.samples(&row.id).await?.into_iter().map(measured);
    let batches: Vec<Vec<Series>> = batches.filter(|it| !it.is_empty()).collect();
    if batches.is_empty() {
        return Err(CliError::usage(format!("{} measured no latency", row.version))
            .hint("runs measure it where [[verify.performance.endpoints]] names a path"));
    }
    Ok(batches)
}

/// Each batch judged by itself.
fn judged(batches: &[Vec<Series>], limits: &PerformanceConfig) -> Vec<Vec<Check>> {
    batches.iter().map(|it| judge_again(it, limits)).collect()
}

/// Each batch with its time.
fn words(batches: &[Vec<Series>], then: &[Vec<Check>], now: &[Vec<Check>]) -> String {
    let mut text = String::new();
    for (number, batch) in batches.iter().enumerate() {
        let new = batch.iter().filter(|it| it.role == Role::New).flat_map(|it| &it.samples);
        let at = new.map(|it| it.at_us).min().map(|it| time(moment(it))).unwrap_or_default();
        let _ = writeln!(text, "measured {at}");
        text += &compared(&then[number], &now[number]);
    }
    text
}

/// Each check as it comes out with the new limits, and how it came out with those of the configuration.
fn compared(then: &[Check], now: &[Check]) -> String {
    let mut text = String::new();
    for (then, now) in then.iter().zip(now) {
        let at = now.instance.as_deref().map(|it| format!(" (machine {it})")).unwrap_or_default();
        let was = if then.verdict == now.verdict {
            String::new()
        } else {
            format!("; with the limits of pipeline.toml: {}", then.verdict)
        };
        let _ = writeln!(text, "  {:<12} {}{at}: {}{was}", now.verdict, now.name, now.message);
    }
    text
}
