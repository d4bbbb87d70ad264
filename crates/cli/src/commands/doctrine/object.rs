//! A scan as one JSON object.

use gates_mix::doctrine::{PillarResult, Scanned, Suppressed, Violation};
use serde_json::{Value, json};

pub(super) fn of(scanned: &Scanned) -> Value {
    let suppressed = |it: &Suppressed| {
        let mut finding = json!(it.violation.finding());
        finding["reason"] = json!(it.reason);
        finding
    };
    let unread = scanned
        .unread
        .iter()
        .map(|(file, line, why)| json!({ "file": file, "line": line, "message": why }));
    json!({
        "schema": 1,
        "verdict": scanned.verdict(),
        "pillars": scanned.pillars.iter().map(pillar).collect::<Vec<_>>(),
        "findings": scanned.violations.iter().map(Violation::finding).collect::<Vec<_>>(),
        "suppressed": scanned.suppressed.iter().map(suppressed).collect::<Vec<_>>(),
        "unread": unread.collect::<Vec<_>>(),
        "files": scanned.files,
        "lines": scanned.lines,
    })
}

fn pillar(it: &PillarResult) -> Value {
    json!({
        "code": it.code,
        "name": it.name,
        "level": it.level,
        "status": it.status.as_str(),
        "why": it.why,
        "violations": it.violations,
        "suppressed": it.suppressed,
        "took_ms": u64::try_from(it.took.as_millis()).unwrap_or(u64::MAX),
    })
}
