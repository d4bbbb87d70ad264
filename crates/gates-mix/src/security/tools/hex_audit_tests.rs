use std::fmt::Write;

use pipeline_core::Report;
use proptest::prelude::*;

use super::*;
use crate::security::advisories::{Audit, Policy, read_lock};
use crate::testing::{captures, told_as_text};

const LOCK: &str =
    "%{\n  \"olddep\": {:hex, :olddep, \"0.1.0\"},\n  \"vulndep\": {:hex, :vulndep, \"1.2.3\"},\n}";

fn report(audit: HexAudit) -> Report {
    let mut findings: Vec<_> = audit.findings().collect();
    let of_hits = Audit::of(audit.hits, &Policy::default(), "2030-05-01".parse().unwrap());
    findings.extend(of_hits.findings);
    let knows = f64::from(u8::from(audit.knows_advisories));
    Report::refused_if_any(findings).number("knows_advisories", knows)
}

#[test]
fn every_answer_of_a_real_hex_audit_is_understood() {
    let mut told = String::new();
    for capture in captures("hex_audit") {
        let lock = if capture.name == "no_lock_no_deps" { "%{}" } else { LOCK };
        let Answer { task, code, .. } = &capture.answer;
        writeln!(told, "{}: {task} (exit {code})", capture.name).unwrap();
        let read = read(&capture.answer, &capture.layout, &read_lock(lock).unwrap());
        let text = told_as_text(read.map(report));
        writeln!(told, "{text}").unwrap();
    }
    insta::assert_snapshot!(told);
}

fn read_text(code: i32, text: &str, stderr: &str) -> Result<HexAudit, Error> {
    let (text, stderr) = (text.to_owned(), stderr.to_owned());
    let answer = Answer { task: task().to_string(), code, text, stderr };
    let layout = Layout { mix_exs: true, ..Layout::default() };
    read(&answer, &layout, &read_lock(LOCK).unwrap())
}

#[test]
fn a_package_that_is_unsafe_or_broken_blocks_and_others_are_told() {
    for (reason, blocks) in [
        ("security", true),
        ("invalid", true),
        ("deprecated", false),
        ("renamed", false),
        ("other", false),
    ] {
        let text = format!("Retired:\n  olddep 0.1.0 - ({reason})\n\n");
        let audit = read_text(1, &text, RETIRED).unwrap();
        let finding = audit.findings().next().unwrap();
        assert_eq!(finding.level == pipeline_core::Level::Blocking, blocks, "{reason}");
        assert_eq!(
            (finding.line, finding.message.as_str()),
            (Some(2), &*format!("olddep 0.1.0 is retired ({reason})"))
        );
    }
}

#[test]
fn what_comes_from_the_cache_of_hex_is_no_comparison() {
    let cached = "Failed to fetch record for hexpm/olddep from registry (using cache instead)";
    assert!(read_text(0, NONE_AT_ALL, "").unwrap().knows_advisories);
    assert!(!read_text(0, NONE_AT_ALL, cached).unwrap().knows_advisories);
    assert!(!read_text(0, NONE_RETIRED, "").unwrap().knows_advisories);
}

#[test]
fn half_an_answer_is_none() {
    for (code, text, stderr) in [
        (0, "", ""),
        (1, "", RETIRED),
        (1, "Retired:\n  olddep 0.1.0 - (security)\n", ""),
        (1, "Retired:\n  olddep 0.1.0 - (security)\n", ADVISORIES),
        (0, "Retired:\n  olddep 0.1.0 - (security)\n", ""),
        (1, NONE_RETIRED, ""),
        (1, "", "** (Mix) The task \"hex.audit\" could not be found"),
    ] {
        read_text(code, text, stderr).unwrap_err();
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_or_pass(code in 0..3i32, text: String, stderr: String) {
        prop_assert!(read_text(code, &text, &stderr).is_err());
    }

    #[test]
    fn no_lines_make_it_panic(lines in proptest::collection::vec("(Retired:|Advisories:|Ignored retired:|  [a-z .()0-9-]{0,20}|    [a-z:, ]{0,9})", 0..9)) {
        let _ = read_text(1, &lines.join("\n"), RETIRED);
    }
}
