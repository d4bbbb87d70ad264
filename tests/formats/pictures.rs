//! Each format, read back into a picture. A new one is read here and compared in `agree.rs`.

use std::collections::BTreeMap;
use std::time::SystemTime;

use pipeline_core::{Account, Event, EventKind};
use quick_junit::{Report, TestCase, TestCaseStatus};
use serde_json::Value;
use store_sql::RunRow;

use crate::picture::{Line, Pass, Step};

/// Lines of `--events`.
pub(crate) fn ndjson(text: &str) -> Account {
    let event = |line: &str| {
        let value: Value = serde_json::from_str(line).expect("a line is JSON");
        let at: jiff::Timestamp = value["at"].as_str().expect("a time").parse().expect("a time");
        let at = std::time::UNIX_EPOCH
            + std::time::Duration::from_millis(
                u64::try_from(at.as_millisecond()).expect("after 1970"),
            );
        let kind: EventKind = serde_json::from_value(value.clone()).expect("an event");
        Event { seq: value["seq"].as_u64().expect("a number"), at, kind }
    };
    Account::of(&text.lines().map(event).collect::<Vec<_>>())
}

/// What the store kept of what a run told.
pub(crate) async fn store(folder: &std::path::Path, version: &str) -> Account {
    stored(folder, version).await.1
}

/// The same, and the run itself.
pub(crate) async fn stored(folder: &std::path::Path, version: &str) -> (RunRow, Account) {
    let url = format!("sqlite:{}", folder.join(".pipeline/pipeline.db").display());
    #[expect(clippy::disallowed_methods, reason = "a test outside of any clock")]
    let store = store_sql::Store::open(&url, SystemTime::now).await.expect("the store");
    let run = store.run(version).await.expect("it can be read").expect("the run");
    let account = Account::of(&store.events(&run.id).await.expect("its events"));
    (run, account)
}

/// `phases` of `--format json`.
pub(crate) fn object(phases: &Value) -> Vec<Pass> {
    let word = |it: &Value| it.as_str().unwrap_or("none").to_owned();
    let step = |it: &Value| Step {
        name: word(&it["step"]),
        verdict: match (&it["fault"]["kind"], &it["skipped"]) {
            (Value::String(kind), _) => kind.clone(),
            (_, Value::String(_)) => "skipped".into(),
            _ => word(&it["verdict"]),
        },
        took_ms: it["took_ms"].as_u64(),
        tries: usize::try_from(tries(it).expect("a number")).expect("a small one"),
    };
    let pass = |it: &Value| Pass {
        phase: word(&it["phase"]),
        verdict: word(&it["verdict"]),
        took_ms: it["took_ms"].as_u64(),
        steps: it["steps"].as_array().expect("steps").iter().map(step).collect(),
    };
    phases.as_array().expect("phases").iter().map(pass).collect()
}

/// How often a step was tried; `show` counts those that had a fault.
fn tries(step: &Value) -> Option<u64> {
    step["tries"].as_u64().or_else(|| Some(step["retries"].as_u64()? + 1))
}

/// A file of `--junit`.
pub(crate) fn junit(text: &str) -> Vec<Pass> {
    let report = Report::deserialize_from_str(text).expect("JUnit XML");
    let suites = report.test_suites.iter().map(|suite| {
        let of = |name: &str| suite.properties.iter().find(|it| it.name.as_str() == name);
        let value = |name: &str| of(name).map(|it| it.value.as_str().to_owned());
        let class = format!("pipeline.{}", suite.name.as_str());
        let own = |it: &&TestCase| it.classname.as_ref().is_some_and(|it| it.as_str() == class);
        Pass {
            phase: value("phase").expect("a phase"),
            verdict: value("verdict").unwrap_or_else(|| "none".into()),
            took_ms: suite.time.map(millis),
            steps: suite.test_cases.iter().filter(own).map(case).collect(),
        }
    });
    suites.collect()
}

fn case(it: &TestCase) -> Step {
    let verdict = it.properties.iter().find(|it| it.name.as_str() == "verdict");
    let retries = match &it.status {
        TestCaseStatus::Success { flaky_runs } => flaky_runs.len(),
        TestCaseStatus::NonSuccess { reruns, .. } => reruns.runs.len(),
        TestCaseStatus::Skipped { .. } => 0,
    };
    Step {
        name: it.name.as_str().to_owned(),
        verdict: verdict.expect("a verdict").value.as_str().to_owned(),
        took_ms: it.time.map(millis),
        tries: retries + 1,
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("a small number")
}

/// `phases` of a run of `history --format json`: each phase summed over its passes.
pub(crate) fn history(run: &Value) -> Vec<(String, String, u64)> {
    let phases = run["phases"].as_array().expect("phases").iter();
    let total = |it: &Value| {
        let verdict = it["verdict"].as_str().unwrap_or("none").to_owned();
        let took_ms = it["took_ms"].as_u64().expect("a time");
        (it["phase"].as_str().expect("a phase").to_owned(), verdict, took_ms)
    };
    phases.map(total).collect()
}

/// The same of an account.
pub(crate) fn totals(account: &Account) -> Vec<(String, String, u64)> {
    let total = |it: pipeline_core::PhaseTotal| {
        let verdict = it.verdict.map_or_else(|| "none".into(), |it| it.to_string());
        (it.phase.name().to_owned(), verdict, it.took_ms)
    };
    account.totals().into_iter().map(total).collect()
}

/// The plain log: the steps as people read them.
pub(crate) fn plain(text: &str) -> Vec<Line> {
    let phases = ["validate", "build", "deploy", "verify", "settle", "restore"];
    let marks = BTreeMap::from([
        ("✓", "passed"),
        ("!", "alert"),
        ("✗", "refused"),
        ("?", "inconclusive"),
        ("-", "skipped"),
    ]);
    let (mut phase, mut lines) = (String::new(), Vec::new());
    for line in text.lines() {
        if phases.contains(&line) {
            line.clone_into(&mut phase);
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [mark, step, time, ref more @ ..] = words[..]
            && let Some(time) = time_of(time, more.first().copied())
            && line.starts_with("  ")
            && !line.starts_with("   ")
            && let Some(verdict) = marks.get(mark)
        {
            let line = (phase.clone(), step.to_owned(), (*verdict).to_owned(), time);
            lines.push(line);
        }
    }
    lines
}

/// `2.5s`, or of two words `1m 02s`.
fn time_of(word: &str, next: Option<&str>) -> Option<String> {
    let is_time =
        |it: &str, unit| it.starts_with(|it: char| it.is_ascii_digit()) && it.ends_with(unit);
    match next {
        _ if is_time(word, 's') => Some(word.to_owned()),
        Some(seconds) if is_time(word, 'm') && is_time(seconds, 's') => {
            Some(format!("{word} {seconds}"))
        }
        _ => None,
    }
}

/// The table of GitHub's step summary: passes with their verdict and time, and steps.
pub(crate) fn summary(page: &str) -> (Vec<(String, String, String)>, Vec<Line>) {
    let (mut passes, mut steps) = (Vec::new(), Vec::new());
    for line in page.lines().filter(|it| it.starts_with('|')).skip(2) {
        let cells: Vec<String> =
            line.split('|').map(|it| it.trim().replace("**", "").replace('\\', "")).collect();
        let [_, _, phase, step, verdict, time, ..] = &cells[..] else { panic!("{line}") };
        if phase.is_empty() {
            let (phase, _, _): &(String, String, String) = passes.last().expect("a phase first");
            steps.push((phase.clone(), step.clone(), verdict.clone(), time.clone()));
        } else {
            let phase = phase.split('-').next().unwrap_or_default().to_owned();
            passes.push((phase, verdict.clone(), time.clone()));
        }
    }
    (passes, steps)
}
