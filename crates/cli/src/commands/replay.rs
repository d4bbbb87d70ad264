//! `pipeline replay RUN`: judges what a run measured again, with other limits. Sends nothing.

use std::fmt::Write as _;

use pipeline_core::{Check, Verdict};
use serde_json::{Value, json};
use verify_http::judge_again;

use crate::app::App;
use crate::args::Replay;
use crate::error::CliError;
use crate::exit::Exit;
use crate::past::measured;
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
    let series = measured(store.samples(&row.id).await?);
    if series.is_empty() {
        return Err(CliError::usage(format!("{} measured no latency", row.version))
            .hint("runs measure it where [[verify.performance.endpoints]] names a path"));
    }
    let mut limits = wire::performance_config(environment)?;
    let then = judge_again(&series, &limits);
    limits.alert = args.alert.unwrap_or(limits.alert);
    limits.rollback = args.rollback.unwrap_or(limits.rollback);
    limits.check().map_err(|error| CliError::usage(error.to_string()))?;
    let now = judge_again(&series, &limits);
    let verdict = now.iter().map(|it| it.verdict).max();
    if app.json() {
        let object = json!({
            "schema": 1,
            "run": row.id,
            "version": row.version,
            "alert": limits.alert,
            "rollback": limits.rollback,
            "verdict": verdict,
            "checks": now.iter().map(|it| json!(it)).collect::<Vec<Value>>(),
        });
        app.object(&app.secrets(Some(&config)), object)?;
    } else {
        let head = format!(
            "{} measured again with alert above {}×, rollback above {}×\n",
            row.version, limits.alert, limits.rollback
        );
        app.fact(&(head + words(&then, &now).trim_end()))?;
    }
    Ok(Exit::of_verdict(verdict))
}

/// Each check as it comes out with the new limits, and how it came out with those of the configuration.
fn words(then: &[Check], now: &[Check]) -> String {
    let mut text = String::new();
    for (then, now) in then.iter().zip(now) {
        let at = now.instance.as_deref().map(|it| format!(" (machine {it})")).unwrap_or_default();
        let was = if then.verdict == now.verdict {
            String::new()
        } else {
            format!("; with the limits of pipeline.toml: {}", word(then.verdict))
        };
        let _ =
            writeln!(text, "  {:<12} {}{at}: {}{was}", word(now.verdict), now.name, now.message);
    }
    text
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Alert => "alert",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Refused => "refused",
    }
}
