//! A scan as SARIF 2.1.0 (OASIS), for tools that show findings beside the code.

use std::collections::BTreeMap;

use gates_mix::doctrine::{Scanned, Violation};
use pipeline_core::Level;
use serde_json::{Value, json};

pub(super) fn of(scanned: &Scanned) -> Value {
    let suppressed = scanned.suppressed.iter().map(|it| &it.violation);
    let rules: BTreeMap<_, _> = scanned
        .violations
        .iter()
        .chain(suppressed)
        .map(|it| (it.rule.as_ref(), it.remedy.as_ref()))
        .collect();
    let rule = |(id, help): (&&str, &&str)| json!({ "id": id, "help": { "text": help } });
    let told = scanned.violations.iter().map(result);
    let lived_with = scanned.suppressed.iter().map(|it| {
        let mut result = result(&it.violation);
        result["suppressions"] =
            json!([{ "kind": "inSource", "justification": it.reason.as_deref().unwrap_or("") }]);
        result
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pipeline doctrine",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": told.chain(lived_with).collect::<Vec<_>>(),
        }],
    })
}

fn result(it: &Violation) -> Value {
    let level = if it.level == Level::Blocking { "error" } else { "warning" };
    let mut result =
        json!({ "ruleId": it.rule, "level": level, "message": { "text": it.message } });
    if it.path.is_empty() {
        return result;
    }
    let mut physical = json!({ "artifactLocation": { "uri": it.path } });
    if let Some(line) = it.line {
        physical["region"] = json!({ "startLine": line });
        if let Some(column) = it.column {
            physical["region"]["startColumn"] = json!(column);
            physical["region"]["endColumn"] = json!(column + it.width);
        }
    }
    result["locations"] = json!([{ "physicalLocation": physical }]);
    result
}
