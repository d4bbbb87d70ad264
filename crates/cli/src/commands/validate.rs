//! `pipeline validate [ENV]`: the gates alone.

use std::time::Duration;

use pipeline_core::{
    CancelSource, EventKind, Events, GateAnswer, Phase, Release, Run, RunId, Verdict, failures,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::{App, wall};
use crate::args::Validate;
use crate::commands::changed::changed;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::{signals, wire};

pub(crate) async fn run(app: &App, args: Validate) -> Result<Exit, CliError> {
    let config = app.config()?;
    let configured = match &args.environment {
        Some(name) => &config.environment(name)?.gates,
        None => &config.gates,
    };
    let secrets = app.secrets(Some(&config));
    let gates = wire::gates(app, &config, configured, &args.gates).await?;
    let changed = match &args.changed {
        Some(base) => Some(changed(&config.dir, base).await?),
        None => None,
    };
    let events = Events::new(wall(), app.observers(&secrets)?);
    let source = CancelSource::new();
    let run = Run::new(RunId::new("validate"), Release::new("validate"), &config.dir)
        .events(events.clone())
        .cancel(source.token())
        .changed(changed);
    gates.tell_planned(&run);
    events.tell(EventKind::PhaseStarted { phase: Phase::Validate });
    let began = Instant::now();
    let answers = tokio::select! {
        answers = gates.check(&run) => answers,
        exit = signals::watch(&source, &events) => return Ok(exit),
    };
    let verdict = verdict(&answers, &run);
    let (phase, took_ms) = (Phase::Validate, millis(began.elapsed()));
    events.tell(EventKind::PhaseEnded { phase, verdict, took_ms });
    if app.json() {
        app.object(&secrets, object(verdict, &answers))?;
    }
    if run.cancel.is_cancelled() {
        return Ok(Exit::Interrupted);
    }
    if !app.json() && Exit::of_verdict(verdict) == Exit::Good {
        app.mention(Tone::Good, "\nEvery gate that must pass has passed.");
    }
    Ok(Exit::of_verdict(verdict))
}

pub(crate) fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// The gates' verdict as a whole; `None` when something kept a required one from having an answer and no
/// other refused.
fn verdict(answers: &[GateAnswer], run: &Run) -> Option<Verdict> {
    let reports = || answers.iter().filter_map(|it| it.outcome.as_ref()?.as_ref().ok());
    let required = answers.iter().filter(|it| it.required);
    let refused = required
        .filter_map(|it| it.outcome.as_ref()?.as_ref().ok())
        .any(|it| it.verdict() == Verdict::Refused);
    if refused {
        Some(Verdict::Refused)
    } else if !failures(answers, run).is_empty() {
        None
    } else if reports().any(|it| it.verdict() != Verdict::Passed) {
        Some(Verdict::Alert)
    } else {
        Some(Verdict::Passed)
    }
}

fn object(verdict: Option<Verdict>, answers: &[GateAnswer]) -> Value {
    let gates: Vec<Value> = answers.iter().map(gate_object).collect();
    json!({ "schema": 1, "verdict": verdict, "gates": gates })
}

/// One gate, as the JSON contract has it.
pub(crate) fn gate_object(answer: &GateAnswer) -> Value {
    let report = answer.outcome.as_ref().and_then(|it| it.as_ref().ok());
    let fault = answer.outcome.as_ref().and_then(|it| it.as_ref().err());
    json!({
        "name": answer.name,
        "required": answer.required,
        "verdict": report.map(pipeline_core::Report::verdict),
        "took_ms": answer.took_ms,
        "cached": answer.cached,
        "findings": report.map(pipeline_core::Report::findings).unwrap_or_default(),
        "numbers": report.map(pipeline_core::Report::numbers),
        "fault": fault.map(|it| json!({ "kind": it.kind(), "message": it.to_string(), "hint": it.next_step() })),
        "skipped": answer.outcome.is_none(),
    })
}
