//! JSON in the documentation is JSON, and the events in it are such as the schema describes.

use jsonschema::Validator;
use pipeline_formats::EVENTS_SCHEMA;
use serde_json::{Deserializer, Value};

use crate::markdown::{Block, pages};

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(EVENTS_SCHEMA).expect("the schema is JSON");
    jsonschema::options().offline().build(&schema).expect("it compiles")
}

/// What is wrong with a block: it may be one object over many lines, or many of a line each.
fn wrong_json(block: &Block, validator: &Validator) -> Vec<String> {
    let mut wrong = Vec::new();
    for value in Deserializer::from_str(&block.text).into_iter::<Value>() {
        match value {
            Ok(event) if is_event(&event) => wrong.extend(
                validator.iter_errors(&event).map(|it| format!("{}: {event}\n{it}", block.place)),
            ),
            Ok(_) => {}
            Err(why) => wrong.push(format!("{}: {why}", block.place)),
        }
    }
    wrong
}

/// Only events count themselves; what `--format json` prints has no schema of ours.
fn is_event(value: &Value) -> bool {
    ["event", "seq"].iter().any(|it| value.get(it).is_some())
}

#[test]
fn every_json_block_is_json_and_its_events_are_events() {
    let (validator, pages) = (validator(), pages());
    let blocks = pages.iter().flat_map(|it| &it.blocks).filter(|it| it.language() == "json");
    let blocks: Vec<_> = blocks.collect();
    let wrong: Vec<_> = blocks.iter().flat_map(|it| wrong_json(it, &validator)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(blocks.iter().any(|it| it.text.contains("\"event\"")), "the events are not looked at");
}

#[test]
fn wrong_json_is_found() {
    let validator = validator();
    let count = |text: &str| {
        let block = Block { place: "a.md:1".into(), info: vec!["json".into()], text: text.into() };
        wrong_json(&block, &validator).len()
    };
    let event =
        r#"{"schema":1,"seq":1,"at":"2026-03-25T14:32:00.045Z","event":"warned","message":"m"}"#;
    for good in [event, "{\n  \"exit\": 0\n}\n", "[1, 2]\n{}\n"] {
        assert_eq!(count(good), 0, "{good}");
    }
    let [unknown, more] = [("warned", "wraned"), ("\"seq\"", "\"sqe\":1,\"seq\"")]
        .map(|(is, was)| event.replace(is, was));
    for bad in [&unknown, &more, "{", "{}\n{\"a\": }\n", "words"] {
        assert!(count(bad) > 0, "{bad}");
    }
}
