use std::fmt::Write;

use pipeline_core::{Fault, Report};
use proptest::prelude::*;

use super::*;
use crate::security::advisories::{AdvisoryError, Audit, Policy, read_lock};
use crate::testing::{captures, told_as_text};

const LOCK: &str =
    "%{\n  \"cowboy\": {:hex, :cowboy, \"2.6.0\"},\n  \"plug\": {:hex, :plug, \"1.3.0\"},\n}";

/// The report of hits alone.
fn report(hits: Vec<Hit>) -> Report {
    let audit = Audit::of(hits, &Policy::default(), "2030-05-01".parse().unwrap());
    let numbers = audit.numbers.into_iter().filter(|(_, it)| *it > 0.0);
    numbers
        .fold(Report::refused_if_any(audit.findings), |report, (name, it)| report.number(name, it))
}

#[test]
fn every_answer_of_a_real_deps_audit_is_understood() {
    let mut told = String::new();
    for capture in captures("deps_audit") {
        // In this one the lock was broken, which the task does not say.
        let lock = if capture.name == "lock_unparsable" { "%{<<<" } else { LOCK };
        let Answer { task, code, .. } = &capture.answer;
        writeln!(told, "{}: {} (exit {code})", capture.name, task.lines().last().unwrap()).unwrap();
        let text = match read_lock(lock) {
            Err(error) => format!("  FAULT {}\n", Fault::from(AdvisoryError::from(error))),
            Ok(lock) => match where_there(read(&capture.answer, &capture.layout, &lock)) {
                Ok(None) => "  not there\n".into(),
                Ok(Some(hits)) => told_as_text(Ok(report(hits))),
                Err(error) => told_as_text(Err(error)),
            },
        };
        writeln!(told, "{text}").unwrap();
    }
    insta::assert_snapshot!(told);
}

fn answer(code: i32, text: &str, stderr: &str) -> Answer {
    Answer { task: task().to_string(), code, text: text.into(), stderr: stderr.into() }
}

const FOUND: &str = r#"{"pass":false,"vulnerabilities":[{"advisory":{"id":"GHSA-a","package":"plug","severity":"high",
"first_patched_versions":["1.3.2"],"vulnerable_version_ranges":["< 1.3.2"],"title":"T"},
"dependency":{"package":"plug","version":"1.3.0","lockfile":"/x/mix.lock"}}]}"#;

#[test]
fn only_a_pass_needs_advisories_that_are_up_to_date() {
    let lock = read_lock(LOCK).unwrap();
    let read = |code, text: &str, stderr: &str| {
        read(&answer(code, &text.replace('\n', ""), stderr), &Layout::default(), &lock)
    };
    let fatal = "fatal: unable to access\n";
    let pass = r#"{"pass":true,"vulnerabilities":[]}"#;
    assert_eq!(read(0, pass, "").unwrap(), []);
    for code in [0, 1] {
        assert_eq!(read(code, FOUND, fatal).unwrap()[0].line, Some(3));
    }
    for (code, text, stderr) in [
        (0, pass, fatal),
        (1, pass, ""),
        (0, r#"{"pass":false,"vulnerabilities":[]}"#, ""),
        (0, &FOUND.replace("false", "true"), ""),
        (0, &FOUND.replace("\"1.3.0\"", "\"1\""), ""),
        (0, &FOUND.replace("< 1.3.2", "all"), ""),
        (0, "{}", ""),
        (0, "", ""),
    ] {
        read(code, text, stderr).unwrap_err();
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_or_pass(code in 0..3i32, text: String, stderr: String) {
        let lock = read_lock(LOCK).unwrap();
        prop_assert!(read(&answer(code, &text, &stderr), &Layout::default(), &lock).is_err());
    }
}
