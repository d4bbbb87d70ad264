//! A run as one JSON object.

use pipeline_core::{PhasePass, StepEnd, StepPass};
use serde_json::{Value, json};

use super::{Shown, tail};
use crate::commands::history::facts;

pub(super) fn of(shown: &Shown<'_>) -> Value {
    let Shown { row, account, .. } = shown;
    let mut run = facts(row);
    let words = shown.ending.as_ref().map(|it| it.truth(&row.version, &row.begun.environment));
    run["truth"] = json!(words);
    let decisions: Vec<Value> = account
        .decisions
        .iter()
        .map(|it| json!({ "decision": it.decision, "by": it.by, "reason": it.reason }))
        .collect();
    json!({
        "schema": 1,
        "run": run,
        "phases": account.phases.iter().map(phase).collect::<Vec<Value>>(),
        "warnings": account.warnings,
        "alerts": tail::alerts(account),
        "failures": account.failures,
        "decisions": decisions,
        "conclusion": row.ending.and_then(|it| it.conclusion).or(account.conclusion),
        "latency": shown.measured,
        "logs": tail::logs(shown),
        "logs_are_of_this_run": shown.newest,
    })
}

fn phase(pass: &PhasePass) -> Value {
    json!({
        "phase": pass.phase,
        "verdict": pass.end.and_then(|it| it.verdict),
        "started": moment(pass.started),
        "took_ms": pass.end.map(|it| it.took_ms),
        "steps": pass.steps.iter().map(step).collect::<Vec<Value>>(),
    })
}

/// A step that has no end has neither a verdict nor a length, and no reason why it was skipped.
fn step(pass: &StepPass) -> Value {
    let mut object = json!({
        "step": pass.name,
        "verdict": pass.verdict(),
        "started": moment(pass.started),
        "took_ms": pass.took_ms(),
        "required": null,
        "cached": null,
        "retries": pass.retries.len(),
        "findings": [],
        "numbers": {},
        "checks": [],
        "fault": null,
        "skipped": null,
    });
    match &pass.end {
        None => {}
        Some(StepEnd::Skipped { reason }) => object["skipped"] = json!(reason),
        Some(StepEnd::Done { outcome, required, remembered_from, .. }) => {
            object["required"] = json!(required);
            object["cached"] = json!(remembered_from.is_some());
            match outcome {
                Ok(report) => {
                    object["findings"] = json!(report.findings());
                    object["numbers"] = json!(report.numbers());
                    object["checks"] = json!(report.checks());
                }
                Err(fault) => object["fault"] = json!(fault),
            }
        }
    }
    object
}

fn moment(at: std::time::SystemTime) -> Option<String> {
    jiff::Timestamp::try_from(at).ok().map(|it| format!("{it:.3}"))
}
