//! The phases and steps of a run, for programs.

use pipeline_core::{Account, PhasePass, StepEnd, StepPass};
use serde_json::{Value, json};

/// Every pass of every phase with its steps, in the order in which they began.
pub(crate) fn phases(account: &Account) -> Vec<Value> {
    account.phases.iter().map(phase).collect()
}

fn phase(pass: &PhasePass) -> Value {
    json!({
        "phase": pass.phase,
        "verdict": pass.end.and_then(|it| it.verdict),
        "took_ms": pass.end.map(|it| it.took_ms),
        "steps": pass.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &StepPass) -> Value {
    let (fault, skipped, required, cached) = match &step.end {
        Some(StepEnd::Done { outcome, required, remembered_from, .. }) => {
            (outcome.as_ref().err(), None, Some(*required), remembered_from.is_some())
        }
        Some(StepEnd::Skipped { reason }) => (None, Some(reason), None, false),
        None => (None, None, None, false),
    };
    let report = match &step.end {
        Some(StepEnd::Done { outcome: Ok(report), .. }) => Some(report),
        _ => None,
    };
    json!({
        "step": step.name,
        "verdict": step.verdict(),
        "took_ms": step.took_ms(),
        "required": required,
        "cached": cached,
        "tries": step.retries.len() + 1,
        "findings": report.map_or(0, |it| it.findings().len()),
        "fault": fault.map(|it| json!({ "kind": it.kind(), "message": it.to_string(), "hint": it.next_step() })),
        "skipped": skipped,
    })
}
