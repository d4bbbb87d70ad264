//! One run agrees everywhere: whatever is read, every verdict and every time is the same.

use jsonschema::Validator;
use pipeline_core::{Decision, Phase};
use pipeline_formats::{EVENTS_SCHEMA, took};
use pipeline_tests::{Program, Terminal, World};
use serde_json::Value;

use crate::picture::{Line, Pass, lines, of_account};
use crate::{PROGRAM, eventful, pictures, report, world};

const ARGS: [&str; 10] = [
    "deploy",
    "staging",
    "--format",
    "json",
    "--events",
    "events.ndjson",
    "--junit",
    "reports/junit.xml",
    "--sarif",
    "reports/findings.sarif",
];

fn sorted(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort();
    lines
}

/// The run was one with everything in it: else its pictures would agree about nothing.
fn is_eventful(passes: &[Pass]) {
    let steps = || passes.iter().flat_map(|it| it.steps.iter().map(move |step| (&it.phase, step)));
    let has = |phase: &str, verdict: &str| {
        assert!(steps().any(|(at, it)| at == phase && it.verdict == verdict), "{passes:#?}");
    };
    has("validate", "passed");
    has("validate", "refused");
    has("verify", "refused");
    has("restore", "passed");
    has("restore", "alert");
    assert!(steps().any(|(at, it)| at == "build" && it.tries == 2), "{passes:#?}");
    assert!(passes.iter().any(|it| it.phase == "validate" && it.verdict == "alert"), "{passes:#?}");
}

fn every_line_is_an_event(text: &str) {
    let schema: Value = serde_json::from_str(EVENTS_SCHEMA).unwrap();
    let validator: Validator = jsonschema::options().offline().build(&schema).unwrap();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let errors: Vec<_> = validator.iter_errors(&event).map(|it| it.to_string()).collect();
        assert!(errors.is_empty(), "{event:#}\n{errors:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_run_agrees_everywhere() {
    let world = world().await;
    eventful(&world);
    let page = world.path().join("summary.md");
    let vars = [("GITHUB_STEP_SUMMARY", page.to_str().unwrap())];
    let args = [&ARGS[..], &["--github", "always"]].concat();
    let ran = world.run_with(&args, &vars).await.expect(30);
    let read = |name: &str| std::fs::read_to_string(world.path().join(name)).expect(name);
    let object = ran.json();

    let stored = pictures::store(world.path(), object["version"].as_str().unwrap()).await;
    let picture = of_account(&stored);
    is_eventful(&picture);
    assert!(stored.decisions.iter().any(|it| it.decision == Decision::Restore));
    assert!(stored.failures.iter().any(|it| it.phase == Phase::Verify));

    // For programs: to the millisecond.
    let events = read("events.ndjson");
    every_line_is_an_event(&events);
    let mut heard = pictures::ndjson(&events);
    // The store keeps no more than milliseconds of a moment, either.
    (heard.began, heard.last) = (stored.began, stored.last);
    assert_eq!(of_account(&heard), picture, "--events");
    assert_eq!(pictures::object(&object["phases"]), picture, "--format json");
    assert_eq!(pictures::junit(&read("reports/junit.xml")), picture, "--junit");
    let history = world.run(&["history", "--format", "json"]).await.expect(0).json();
    assert_eq!(pictures::history(&history["runs"][0]), pictures::totals(&stored), "history");
    let of_run = |key: &str| (object[key].clone(), history["runs"][0][key].clone());
    for key in ["version", "outcome", "conclusion", "duration_ms", "traffic_back_ms", "image"] {
        let (told, kept) = of_run(key);
        assert_eq!(told, kept, "{key}");
    }

    // For people: in the same words.
    let words = sorted(lines(&picture));
    assert_eq!(sorted(pictures::plain(&ran.stderr)), words, "the log: {ran}");
    what_is_looked_at_later_agrees(&world, &picture).await;
    let (passes, steps) = pictures::summary(&read("summary.md"));
    assert_eq!(sorted(steps), words, "the step summary");
    let told: Vec<_> = picture
        .iter()
        .map(|it| (it.phase.clone(), it.verdict.clone(), it.took_ms.map(took).unwrap_or_default()))
        .collect();
    assert_eq!(passes, told, "the step summary");

    the_findings_are_those_of_the_run(&stored, &read("reports/findings.sarif"));
    assert_eq!(read("again/findings.sarif"), read("reports/findings.sarif"), "show --sarif");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_shows_what_every_other_format_says() {
    let world = world().await;
    eventful(&world);
    let program = Program {
        folder: world.path().to_owned(),
        vars: world.vars(),
        words: vec![PROGRAM, "deploy", "staging"],
    };
    let terminal = Terminal::start(&program, (120, 40));
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 30, "{all}");
    let picture = of_account(&pictures::store(world.path(), "v1").await);
    is_eventful(&picture);
    assert_eq!(sorted(pictures::plain(&all)), sorted(lines(&picture)), "live: {all}");
    what_is_looked_at_later_agrees(&world, &picture).await;
}

async fn what_is_looked_at_later_agrees(world: &World, picture: &[Pass]) {
    let again = ["show", "--junit", "again/junit.xml", "--sarif", "again/findings.sarif"];
    let shown = world.run(&again).await.expect(0);
    assert_eq!(sorted(pictures::plain(&shown.stdout)), sorted(lines(picture)), "show: {shown}");
    let read = |name: &str| std::fs::read_to_string(world.path().join(name)).expect(name);
    assert_eq!(pictures::junit(&read("again/junit.xml")), picture, "show --junit");
    let shown = world.run(&["show", "--format", "json"]).await.expect(0).json();
    assert_eq!(pictures::object(&shown["phases"]), picture, "show --format json");
    the_report_agrees(world, picture).await;
}

/// The report has the times of the steps, of the phases and of the whole run.
async fn the_report_agrees(world: &World, picture: &[Pass]) {
    let page = world.run(&["report", "--out", "-"]).await.expect(0).stdout;
    let steps = sorted(report::of_steps(picture));
    assert_eq!(sorted(report::steps(&page)), steps, "the report's timeline");
    let (run, account) = pictures::stored(world.path(), "v1").await;
    let row = report::of_durations(&run, &pictures::totals(&account));
    assert_eq!(report::durations(&page), [row], "the report's durations");
    let took = report::words(run.duration_ms().expect("it has ended"));
    assert_eq!(report::took_in_all(&page), [Some(took.as_str()); 2], "how long the run took");
}

fn the_findings_are_those_of_the_run(account: &pipeline_core::Account, text: &str) {
    let log: Value = serde_json::from_str(text).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap().iter();
    let mut told: Vec<String> =
        results.map(|it| it["message"]["text"].as_str().unwrap().to_owned()).collect();
    let mut found: Vec<String> = Vec::new();
    for (_, step) in account.steps() {
        if let Some(pipeline_core::StepEnd::Done { outcome: Ok(report), .. }) = &step.end {
            found.extend(report.findings().iter().map(|it| it.message.clone()));
        }
    }
    told.sort();
    found.sort();
    found.dedup();
    assert_eq!(told, found, "--sarif");
    assert!(
        told.iter().any(|it| it.contains("TODO mend")) && told.iter().any(|it| it.contains("500"))
    );
}
