//! The JSON Schema of events against events of every kind, and against what is no event. What kinds and words there are is
//! asked of serde itself, so that one more of them without a schema, or without a sample here, fails.

mod samples;

use std::collections::BTreeSet;

use jsonschema::Validator;
use pipeline_core::{
    Cause, CheckKind, Conclusion, Control, DecidedBy, Decision, EventKind, FaultKind, Level, Phase,
    Severity, Trigger, Verdict,
};
use pipeline_formats::{EVENTS_SCHEMA, ndjson};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn schema() -> Value {
    serde_json::from_str(EVENTS_SCHEMA).expect("the schema is JSON")
}

fn validator() -> Validator {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema), "it is a schema");
    jsonschema::options().offline().build(&schema).expect("it compiles")
}

fn lines() -> Vec<Value> {
    let line = |event| serde_json::from_str(&ndjson::line(event)).expect("a line is JSON");
    samples::events().iter().map(line).collect()
}

#[test]
fn every_event_is_one_by_the_schema() {
    let validator = validator();
    for line in lines() {
        let errors: Vec<_> = validator.iter_errors(&line).map(|it| it.to_string()).collect();
        assert!(errors.is_empty(), "{line:#}\n{errors:#?}");
    }
}

/// The words that serde knows for a type, from what it says about one that it does not know.
fn words<T: DeserializeOwned + std::fmt::Debug>(unknown: Value) -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(unknown).expect_err("no such word").to_string();
    let (_, known) = error.split_once("expected ").expect("it says what it expects");
    known.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

#[test]
fn every_kind_of_event_has_a_schema_and_a_sample() {
    let known = words::<EventKind>(json!({ "event": "?" }));
    let schema = schema();
    let described: BTreeSet<String> = schema["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["$ref"].as_str().unwrap().replace("#/$defs/", ""))
        .collect();
    assert_eq!(described, known);
    let sampled = lines().iter().map(|it| it["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(known, sampled, "an event of each kind");
    for kind in &known {
        let own = &schema["$defs"][kind]["properties"]["event"]["const"];
        assert_eq!(own, kind.as_str());
    }
}

#[test]
fn every_word_of_the_format_is_in_the_schema_and_no_other() {
    let schema = schema();
    let unknown = || json!("?");
    let table = [
        ("phase", words::<Phase>(unknown())),
        ("verdict", words::<Verdict>(unknown())),
        ("severity", words::<Severity>(unknown())),
        ("level", words::<Level>(unknown())),
        ("check_kind", words::<CheckKind>(unknown())),
        ("control", words::<Control>(unknown())),
        ("trigger", words::<Trigger>(unknown())),
        ("fault_kind", words::<FaultKind>(unknown())),
        ("decision", words::<Decision>(unknown())),
        ("decided_by", words::<DecidedBy>(unknown())),
        ("conclusion", words::<Conclusion>(unknown())),
    ];
    for (name, known) in table {
        let told = schema["$defs"][name]["enum"].as_array().expect(name).iter();
        let told: BTreeSet<String> = told.map(|it| it.as_str().unwrap().to_owned()).collect();
        assert_eq!(told, known, "{name}");
    }
    let causes = schema["$defs"]["cause"]["oneOf"].as_array().unwrap().iter();
    let causes = causes.map(|it| match &it["required"][0] {
        Value::String(tag) => tag.clone(),
        _ => it["const"].as_str().unwrap().to_owned(),
    });
    assert_eq!(causes.collect::<BTreeSet<_>>(), words::<Cause>(unknown()));
}

#[test]
fn every_part_of_the_schema_says_what_it_is() {
    fn described(path: &str, node: &Value) {
        if let Some(properties) =
            node["properties"].as_object().filter(|_| node["type"] == "object")
        {
            assert_eq!(node["additionalProperties"], false, "{path} is open");
            assert!(node["description"].is_string(), "{path} says nothing");
            for (name, property) in properties {
                let said =
                    ["description", "$ref", "const"].iter().any(|it| property.get(it).is_some());
                assert!(said, "{path}.{name} says nothing");
            }
        }
        match node {
            Value::Object(map) => {
                for (key, it) in map {
                    described(&format!("{path}.{key}"), it);
                }
            }
            Value::Array(all) => all.iter().for_each(|it| described(path, it)),
            _ => {}
        }
    }
    described("$", &schema());
}

/// Keys that may be absent, and those that no schema knows.
const MAY_BE_ABSENT: [&str; 14] = [
    "expected_ms",
    "remembered_from",
    "by",
    "reason",
    "numbers",
    "checks",
    "evidence",
    "app",
    "trigger",
    "causes",
    "hint",
    "untouched",
    "findings",
    "coverage",
];

/// The value without one key, for each key that must be there, at every depth.
fn without_one_key(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(map) => map.keys().flat_map(|key| without(map, key)).collect(),
        Value::Array(all) => {
            let changed = |(at, it)| {
                let with = move |it| {
                    let mut all = all.clone();
                    all[at] = it;
                    Value::Array(all)
                };
                without_one_key(it).into_iter().map(with)
            };
            all.iter().enumerate().flat_map(changed).collect()
        }
        _ => Vec::new(),
    }
}

fn without(map: &serde_json::Map<String, Value>, key: &str) -> Vec<Value> {
    let mut less = Vec::new();
    if !MAY_BE_ABSENT.contains(&key) {
        let mut map = map.clone();
        map.remove(key);
        less.push(Value::Object(map));
    }
    if key != "value" {
        less.extend(without_one_key(&map[key]).into_iter().map(|it| {
            let mut map = map.clone();
            map[key] = it;
            Value::Object(map)
        }));
    }
    less
}

#[test]
fn an_event_that_lacks_a_key_is_none() {
    let validator = validator();
    let mut tried = 0;
    for line in lines() {
        for less in without_one_key(&line) {
            tried += 1;
            assert!(!validator.is_valid(&less), "this should not pass: {less:#}");
        }
    }
    assert!(tried > 1_000, "only {tried} were tried");
}

#[test]
fn what_is_no_event_is_refused() {
    let validator = validator();
    let good = json!({ "schema": 1, "seq": 1, "at": "2026-03-25T14:32:00.045Z", "event": "warned", "message": "m" });
    assert!(validator.is_valid(&good));
    let changed = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        changed
    };
    let bad = [
        changed("event", json!("exploded")),
        changed("event", json!("noted")),
        changed("more", json!(1)),
        changed("schema", json!(2)),
        changed("seq", json!(0)),
        changed("seq", json!("1")),
        changed("at", json!("2026-03-25 14:32")),
        changed("at", json!("2026-03-25T14:32:00Z")),
        changed("message", json!(null)),
        json!({ "schema": 1, "seq": 1, "at": "2026-03-25T14:32:00.045Z" }),
        json!([]),
    ];
    for bad in bad {
        assert!(!validator.is_valid(&bad), "this should not pass: {bad:#}");
    }
}

#[test]
fn a_refusal_without_a_finding_is_none() {
    let refused = |report: Value| {
        json!({ "schema": 1, "seq": 1, "at": "2026-03-25T14:32:00.045Z", "event": "step_done", "phase": "validate",
                "step": "test", "required": true, "took_ms": 1, "outcome": { "report": report } })
    };
    let validator = validator();
    assert!(validator.is_valid(&refused(json!({ "verdict": "passed" }))));
    assert!(!validator.is_valid(&refused(json!({ "verdict": "refused" }))));
    assert!(!validator.is_valid(&refused(json!({ "verdict": "refused", "findings": [] }))));
}
