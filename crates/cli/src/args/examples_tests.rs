//! The example workflows: they are YAML, and every `pipeline` in them is one that this command understands.

use std::path::Path;

use clap::Parser;
use serde_json::Value;

use super::Arguments;

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let text = std::fs::read_to_string(&path).expect(name);
    serde_saphyr::from_str(&text).expect(name)
}

/// All commands of a shell in a document.
fn scripts(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => {
            let own = map
                .iter()
                .filter(|(key, _)| ["run", "script", "after_script"].contains(&key.as_str()));
            let texts = own.flat_map(|(_, it)| match it {
                Value::String(text) => vec![text.clone()],
                Value::Array(all) => {
                    all.iter().filter_map(|it| it.as_str().map(ToOwned::to_owned)).collect()
                }
                _ => Vec::new(),
            });
            texts.chain(map.values().flat_map(scripts)).collect()
        }
        Value::Array(all) => all.iter().flat_map(scripts).collect(),
        _ => Vec::new(),
    }
}

/// The lines that call this command, as words.
fn calls(document: &Value) -> Vec<Vec<String>> {
    let lines = scripts(document).into_iter().flat_map(|it| {
        let joined = it.replace("\\\n", " ");
        joined.lines().map(str::trim).map(ToOwned::to_owned).collect::<Vec<_>>()
    });
    let ours = lines.filter(|it| it.starts_with("pipeline "));
    ours.map(|it| it.split_whitespace().map(ToOwned::to_owned).collect()).collect()
}

/// An expression of a workflow is one word, whatever it comes to.
fn flat(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(from) = text.find("${{") {
        let to = text[from..].find("}}").expect("an expression ends");
        text.replace_range(from..from + to + 2, "value");
    }
    text
}

fn understood(name: &str, least: usize) {
    let document: Value = serde_json::from_str(&flat(&read(name).to_string())).expect(name);
    let calls = calls(&document);
    assert!(calls.len() >= least, "{name}: {calls:?}");
    for call in calls {
        if let Err(error) = Arguments::try_parse_from(&call) {
            panic!("{name}: {call:?}: {error}");
        }
    }
}

#[test]
fn the_workflow_for_github_is_one_that_this_command_understands() {
    understood("github/deploy.yml", 4);
    let workflow = read("github/deploy.yml");
    assert_eq!(workflow["jobs"]["deploy"]["concurrency"]["cancel-in-progress"], false);
    for job in ["validate", "deploy"] {
        let steps = workflow["jobs"][job]["steps"].as_array().expect("steps");
        let reports = steps.iter().find(|it| it["name"] == "Reports").expect("reports");
        assert_eq!(reports["if"], "always()");
        let checkout = steps
            .iter()
            .find(|it| it["uses"].as_str().is_some_and(|it| it.starts_with("actions/checkout@")));
        assert_eq!(checkout.expect("a checkout")["with"]["fetch-depth"], 0);
    }
}

#[test]
fn the_pipeline_for_gitlab_is_one_that_this_command_understands() {
    understood("gitlab/.gitlab-ci.yml", 4);
    let pipeline = read("gitlab/.gitlab-ci.yml");
    assert_eq!(pipeline["deploy"]["interruptible"], false);
    assert_eq!(pipeline["deploy"]["artifacts"]["when"], "always");
}

#[test]
fn a_flag_that_nobody_knows_is_not_understood() {
    assert!(
        Arguments::try_parse_from(["pipeline", "deploy", "production", "--junitt", "x"]).is_err()
    );
}
