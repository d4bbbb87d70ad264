//! What neither the types nor the reference can say: which words a text may be, and what values of several types may be.

use gates_mix::{Component, Profile};
use pipeline_core::{Consequence, Trigger};
use pipeline_notify::Topic;
use serde_json::{Value, json};

/// What the reference shows in an example of something else.
pub(super) fn shown(path: &str) -> Option<&'static str> {
    Some(match path {
        "verify.smoke.checks[].echoes.what" => {
            "What the answer says of its build: its revision, version or image."
        }
        "verify.smoke.checks[].echoes.json_path" => "Where it says so: a JSONPath into the body.",
        "verify.smoke.checks[].echoes.header" => "Where it says so: a header.",
        "verify.smoke.checks[].echoes.regex" => {
            "Where it says so: a regular expression on the body, with one group."
        }
        "verify.journeys[].steps" => {
            "What is done, one after the other: each a request, a websocket or a live view."
        }
        "verify.journeys[].steps[].body" => "A text to send, as it is.",
        "verify.journeys[].steps[].json" => "A value to send as JSON.",
        "verify.journeys[].steps[].send" => "Messages to send, in this order.",
        "verify.journeys[].steps[].capture" => {
            "Parts of the answer to keep: {{name}} in later steps is what was found."
        }
        "verify.journeys[].steps[].capture.*.css" => {
            "The first element that this CSS selector finds."
        }
        "verify.journeys[].steps[].capture.*.attribute" => {
            "Of that element this attribute, instead of its text."
        }
        "verify.journeys[].steps[].capture.*.json_path" => "What this JSONPath finds in the body.",
        "verify.journeys[].steps[].capture.*.regex" => {
            "What the one group of this regular expression finds in the body."
        }
        "verify.journeys[].steps[].capture.*.header" => "The value of this header.",
        "verify.watch.consecutive" => {
            "So many probes of the health endpoint in a row may fail; more is a failure."
        }
        _ => return None,
    })
}

/// The words that the text at this path may be; `None` where it may be any.
pub(super) fn choices(path: &str) -> Option<Vec<&'static str>> {
    let words: &[&str] = match path {
        "environments.*.target" => &["flyio", "none"],
        "environments.*.strategy" => &["rolling", "canary", "bluegreen", "immediate"],
        "environments.*.unreachable" => &["abort", "skip"],
        "build.with" => &["image", "flyctl", "docker"],
        "gates.cache" => &["all", "declared", "off"],
        "gates.doctrine.with" => &["native", "mix", "both"],
        "gates.doctrine.levels.*" => &["off", "advisory", "blocking"],
        "gates.doctrine.rules[].level" => &["advisory", "blocking"],
        "gates.security.block_at" => &["low", "medium", "high", "critical"],
        "gates.health-score.profile" => {
            return Some(
                [Profile::Health, Profile::Fitness, Profile::Kpi].map(Profile::name).into(),
            );
        }
        "gates.health-score.with" => &["native", "mix"],
        "gates.exec.*.read" => &["exit-code", "sarif", "junit", "regex"],
        "verify.performance.endpoints[].method" => &["GET", "HEAD"],
        "verify.smoke.checks[].echoes.what" => &["revision", "version", "image"],
        "rollback.irreversible" => &["block", "warn", "ignore"],
        "rollback.triggers[].when" => return Some(Trigger::ALL.map(Trigger::as_str).into()),
        "rollback.triggers[].action" => {
            return Some(Consequence::ALL.map(Consequence::as_str).into());
        }
        "notify[].on[]" => return Some(Topic::ALL.map(Topic::as_str).into()),
        _ => return None,
    };
    Some(words.to_vec())
}

/// The names that a map may have; `None` where they are one's own.
pub(super) fn names(path: &str) -> Option<Vec<&'static str>> {
    (path == "gates.health-score.weights").then(|| Component::ALL.map(Component::name).into())
}

/// What a value of several types may be.
pub(super) fn several(path: &str) -> Option<Value> {
    let key = path.rsplit('.').next().unwrap_or(path);
    let rules = |path: &str| path.trim_end_matches(".*").rsplit('.').next() == Some("json_path");
    Some(match key {
        "confirm" => json!({ "enum": [false, true, "app"] }),
        "status" => {
            let one = json!({ "type": "integer", "minimum": 100, "maximum": 599 });
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        "matches" | "not_matches" => {
            json!({ "type": ["string", "array"], "items": { "type": "string" } })
        }
        "json" => json!({}),
        "*" if rules(path) => {
            one_of(&["equals", "matches", "count", "exists", "absent"], &json!({}))
        }
        "*" => one_of(&["matches", "exists", "absent"], &json!({ "type": ["string", "object"] })),
        "receive[]" => json!({ "anyOf": [{ "type": "string" }, {
            "type": "object",
            "additionalProperties": false,
            "properties": { "json_path": { "type": "object" }, "matches": several("matches"), "not_matches": several("not_matches") },
        }] }),
        _ => return None,
    })
}

/// A value; where it is a table, one with exactly one of these keys.
fn one_of(keys: &[&str], value: &Value) -> Value {
    let keys: serde_json::Map<String, Value> = keys
        .iter()
        .map(|it| {
            let value = match *it {
                "matches" => json!({ "type": "string" }),
                "count" => json!({ "type": "integer", "minimum": 0 }),
                "exists" | "absent" => json!({ "const": true }),
                _ => json!({}),
            };
            ((*it).to_owned(), value)
        })
        .collect();
    let table = json!({ "additionalProperties": false, "properties": keys, "minProperties": 1, "maxProperties": 1 });
    json!({ "allOf": [value, { "if": { "type": "object" }, "then": table }] })
}
