//! A run as the JSON contract has it.

use pipeline_core::PhaseTotal;
use serde_json::{Value, json};
use store_sql::RunRow;

/// All that is known of a run itself.
pub(crate) fn facts(row: &RunRow) -> Value {
    json!({
        "run": row.id,
        "version": row.version,
        "kind": row.begun.kind,
        "started": format!("{:.3}", row.started),
        "ended": row.ended.map(|it| format!("{it:.3}")),
        "environment": row.begun.environment,
        "target": row.begun.target,
        "outcome": row.ending.map(|it| it.outcome),
        "conclusion": row.ending.and_then(|it| it.conclusion),
        "exit": row.ending.map(|it| it.exit_code),
        "duration_ms": row.duration_ms(),
        "traffic_back_ms": row.traffic_back_ms,
        "image": row.begun.image,
        "revision": row.begun.revision,
        "who": row.begun.who,
        "host": row.begun.host,
        "origin": row.begun.origin,
        "pipeline": row.begun.pipeline_version,
        "restores": row.begun.restores,
        "bad": row.bad,
    })
}

/// Its phases, each summed over its passes.
pub(crate) fn phases(phases: &[PhaseTotal]) -> Value {
    let phase = |it: &PhaseTotal| json!({ "phase": it.phase, "verdict": it.verdict, "took_ms": it.took_ms });
    phases.iter().map(phase).collect()
}
