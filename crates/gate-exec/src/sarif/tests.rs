use proptest::prelude::*;
use serde_json::{Value, json};

use crate::findings::MOST;
use crate::reader::Reader;
use crate::testing::{read, told, told_of};

fn of(file: &str, code: i32) -> String {
    told_of(&Reader::Sarif, &format!("sarif/{file}.sarif"), code)
}

#[test]
fn golangci_lint() {
    insta::assert_snapshot!(of("golangci-lint", 1), @r"
    Refused errors=1 findings=2 notes=0 suppressed=0 warnings=1
      cmd/shop/main.go:14:15 errcheck Error: Error return value of `f.Close` is not checked
      internal/cart/total.go:7:1 revive Warning: exported: exported function Total should have comment or be unexported
    ");
}

#[test]
fn semgrep_takes_the_level_from_the_rule_and_ends_with_0() {
    insta::assert_snapshot!(of("semgrep", 0), @r"
    Refused errors=1 findings=2 notes=1 suppressed=1 warnings=0
      lib/shop_web/params old.ex:21:7 shop.security.string-to-atom Error: Atoms are never collected: use String.to_existing_atom/1. -> see https://semgrep.dev/r/shop.security.string-to-atom
      lib/large.ex tool Warning (advisory): Timeout when running shop.slow-rule on lib/large.ex
      lib/shop/order.ex:60:5 shop.style.prefer-with Note (advisory): Three nested cases: consider `with`.
    ");
}

#[test]
fn gitleaks_names_no_level() {
    insta::assert_snapshot!(of("gitleaks", 1), @r"
    Refused errors=0 findings=1 notes=0 suppressed=0 warnings=1
      config/prod.exs:9:3 generic-api-key Warning: generic-api-key has detected secret for file config/prod.exs at commit 00aa11bb.
    ");
}

#[test]
fn eslint_lists_its_files() {
    insta::assert_snapshot!(of("eslint", 1), @r"
    Refused errors=1 findings=2 notes=0 suppressed=1 warnings=1
      assets/js/app.js:3:7 no-unused-vars Error: 'count' is assigned a value but never used. -> see https://eslint.org/docs/latest/rules/no-unused-vars
      assets/js/cart.js:12 semi Warning: Missing semicolon.
    ");
}

#[test]
fn codeql_has_its_rules_in_packages_and_its_files_below_bases() {
    insta::assert_snapshot!(of("codeql", 0), @r"
    Refused errors=2 findings=3 notes=1 suppressed=0 warnings=0
      apps/web/src/db.js:30:12 js/sql-injection Error: This query depends on a user-provided value.
      src/away.js js/sql-injection/flow Error: Query '{select}' comes from the form.
      - js/age Note (advisory): Out of date: jquery.
    ");
}

/// A report with one run of `demo`.
fn run(mut run: Value) -> String {
    run["tool"] = json!({ "driver": { "name": "demo" } });
    json!({ "version": "2.1.0", "runs": [run] }).to_string()
}

/// A run with these results, each with the message `m`.
fn results(results: &[Value]) -> String {
    let with_message = |result: &Value| {
        let mut result = result.clone();
        result["message"] = json!({ "text": "m" });
        result
    };
    run(json!({ "results": results.iter().map(with_message).collect::<Vec<_>>() }))
}

fn first_line(text: &str, code: i32) -> String {
    told(&Reader::Sarif, text, code).lines().next().unwrap().to_owned()
}

#[test]
fn what_refuses_and_what_is_only_told() {
    let passed = "Passed errors=0 findings=0 notes=0 suppressed=0 warnings=0";
    let note = "Passed errors=0 findings=1 notes=1 suppressed=0 warnings=0";
    let warning = "Refused errors=0 findings=1 notes=0 suppressed=0 warnings=1";
    let error = "Refused errors=1 findings=1 notes=0 suppressed=0 warnings=0";
    let suppressed = "Passed errors=0 findings=0 notes=0 suppressed=1 warnings=0";
    for (result, said) in [
        (json!({}), warning),
        (json!({ "level": "error" }), error),
        (json!({ "level": "warning", "kind": "fail" }), warning),
        (json!({ "level": "note" }), note),
        (json!({ "level": "none" }), note),
        (json!({ "level": "Sev1" }), warning),
        (json!({ "kind": "open" }), note),
        (json!({ "kind": "review", "level": "error" }), note),
        (json!({ "kind": "informational" }), note),
        (json!({ "kind": "pass" }), passed),
        (json!({ "kind": "notApplicable", "level": "none" }), passed),
        (json!({ "level": "error", "baselineState": "absent" }), passed),
        (json!({ "level": "error", "baselineState": "unchanged" }), error),
        (json!({ "level": "error", "suppressions": [] }), error),
        (json!({ "level": "error", "suppressions": null }), error),
        (json!({ "level": "error", "suppressions": [{ "kind": "external" }] }), suppressed),
        (json!({ "level": "error", "suppressions": [{ "status": "accepted" }] }), suppressed),
        (json!({ "level": "error", "suppressions": [{}, { "status": "underReview" }] }), error),
        (json!({ "level": "error", "suppressions": [{ "status": "rejected" }] }), error),
    ] {
        assert_eq!(first_line(&results(std::slice::from_ref(&result)), 0), said, "{result}");
    }
}

#[test]
fn another_exit_code_than_0_is_never_a_pass() {
    let nothing = results(&[]);
    insta::assert_snapshot!(told(&Reader::Sarif, &nothing, 0), @"Passed errors=0 findings=0 notes=0 suppressed=0 warnings=0");
    insta::assert_snapshot!(told(&Reader::Sarif, &nothing, 2), @r"
    FAULT `lint` ended with exit code 2, and it names nothing that is wrong
      hint: run `lint` by hand, and look whether it writes what `read` says
    ");
    let note = results(&[json!({ "level": "note" })]);
    insta::assert_snapshot!(told(&Reader::Sarif, &note, 1), @r"
    Refused errors=0 findings=1 notes=1 suppressed=0 warnings=0
      - exit-code Error: `lint` ended with exit code 1, although it names only notes
      - - Note (advisory): m
    ");
}

#[test]
fn a_run_that_says_it_failed_is_a_fault_unless_it_refuses() {
    let failed = |results: Value| {
        run(json!({
            "results": results,
            "invocations": [
                { "executionSuccessful": true },
                {
                    "executionSuccessful": false,
                    "toolExecutionNotifications": [{ "message": { "text": "no rules\nloaded" } }],
                    "toolConfigurationNotifications": [{ "level": "note", "message": null }]
                }
            ]
        }))
    };
    insta::assert_snapshot!(told(&Reader::Sarif, &failed(json!([])), 0), @r"
    FAULT `lint` ended with exit code 0, and demo says that it failed: no rules loaded
      hint: run `lint` by hand, and look whether it writes what `read` says
    ");
    let found = json!([{ "level": "error", "message": { "text": "found before" } }]);
    insta::assert_snapshot!(told(&Reader::Sarif, &failed(found), 2), @r"
    Refused errors=1 findings=1 notes=0 suppressed=0 warnings=0
      - - Error: found before
      - tool Warning (advisory): no rules loaded
      - tool Warning (advisory): demo says that it failed: there may be more
    ");
    let silent = run(json!({ "results": [], "invocations": [{ "executionSuccessful": false }] }));
    insta::assert_snapshot!(told(&Reader::Sarif, &silent, 0), @r"
    FAULT `lint` ended with exit code 0, and demo says that it failed, and not why
      hint: run `lint` by hand, and look whether it writes what `read` says
    ");
}

#[test]
fn an_error_of_a_tool_that_succeeded_is_an_alert() {
    let odd = run(json!({
        "results": [],
        "invocations": [{
            "executionSuccessful": true,
            "toolExecutionNotifications": [{ "level": "error", "message": { "text": "lib/a.ex was left out" } }]
        }]
    }));
    insta::assert_snapshot!(told(&Reader::Sarif, &odd, 0), @r"
    Alert errors=0 findings=0 notes=0 suppressed=0 warnings=0
      - tool Warning (advisory): lib/a.ex was left out
    ");
    insta::assert_snapshot!(told(&Reader::Sarif, &odd, 1), @r"
    FAULT `lint` ended with exit code 1, and it names nothing that is wrong
      hint: run `lint` by hand, and look whether it writes what `read` says
    ");
}

#[test]
fn a_report_that_has_not_looked_is_inconclusive() {
    let none = r#"{"version": "2.1.0", "runs": []}"#;
    insta::assert_snapshot!(told(&Reader::Sarif, none, 0), @r"
    Inconclusive errors=0 findings=0 notes=0 suppressed=0 warnings=0
      - sarif/nothing Warning: the report has no results, not even none -> look whether the tool found anything to look at
    ");
    insta::assert_snapshot!(told(&Reader::Sarif, &run(json!({ "results": null })), 0), @r"
    Inconclusive errors=0 findings=0 notes=0 suppressed=0 warnings=0
      - sarif/nothing Warning: demo has no results, not even none -> look whether the tool found anything to look at
    ");
    assert!(first_line(&run(json!({})), 1).starts_with("FAULT"));
    let driver = json!({ "driver": { "name": "demo" } });
    let note = json!([{ "level": "note", "message": { "text": "beside" } }]);
    let two = json!([{ "tool": driver, "results": note }, { "tool": driver }]);
    let two = json!({ "version": "2.1.0", "runs": two }).to_string();
    insta::assert_snapshot!(told(&Reader::Sarif, &two, 0), @r"
    Inconclusive errors=0 findings=1 notes=1 suppressed=0 warnings=0
      - sarif/nothing Warning: demo has no results, not even none -> look whether the tool found anything to look at
      - - Note (advisory): beside
    ");
}

#[test]
fn what_is_no_sarif_is_a_fault_that_says_so() {
    for (text, said) in [
        ("", "standard output is empty"),
        ("\u{feff} \n", "standard output is empty"),
        ("no findings", "standard output is not SARIF: expected ident at line 1 column 2"),
        (
            r#"{"version": "2.1.0", "ru"#,
            "standard output is not SARIF: EOF while parsing a string at line 1 column 24",
        ),
        (
            "[]",
            "standard output is not SARIF: invalid length 0, expected struct Log with 2 elements at line 1 column 2",
        ),
        ("{}", "standard output does not say which version of SARIF it is"),
        (
            r#"{"version": "2.0.0", "runs": []}"#,
            "standard output is version 2.0.0 of SARIF, not 2.1.0",
        ),
        (r#"{"version": "2.1.0"}"#, "standard output has no `runs`"),
    ] {
        assert_eq!(first_line(text, 0), format!("FAULT `lint` ended with exit code 0, and {said}"));
    }
    let marked = format!("\u{feff}{}", results(&[]));
    assert!(first_line(&marked, 0).starts_with("Passed"));
}

#[test]
fn of_many_findings_those_that_refuse_are_kept_and_all_are_counted() {
    let mut many = vec![json!({ "level": "note" }); MOST + 5];
    many.push(json!({ "level": "error" }));
    let report = read(&Reader::Sarif, &results(&many), 1).unwrap();
    assert_eq!(report.findings().len(), MOST);
    assert_eq!(report.findings()[0].severity, pipeline_core::Severity::Error);
    assert_eq!(report.numbers()["findings"].to_string(), many.len().to_string());
}

#[test]
fn text_of_the_report_is_made_safe() {
    let result = json!({
        "ruleId": "a\u{1b}[31m\nb",
        "message": { "text": "the token is hunter22\u{202e}\u{1b}]0;title\u{7}\nand more" },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": "lib/%0Ahunter22%1B[2J.ex" } } }]
    });
    insta::assert_snapshot!(told(&Reader::Sarif, &run(json!({ "results": [result] })), 1), @r"
    Refused errors=0 findings=1 notes=0 suppressed=0 warnings=1
      lib/ [redacted].ex a b Warning: the token is [redacted] and more
    ");
}

#[test]
fn places_are_relative_to_the_project() {
    let bases = json!({
        "SRC": { "uriBaseId": "ROOT", "uri": "lib/" },
        "ROOT": { "uri": "file:///home/ann/shop" },
        "LOOP": { "uriBaseId": "LOOP", "uri": "x/" }
    });
    for (location, place) in [
        (json!({ "uri": "lib/a.ex" }), "lib/a.ex:3"),
        (json!({ "uri": "./lib/a.ex" }), "lib/a.ex:3"),
        (json!({ "uri": "%SRCROOT%/lib/a.ex" }), "lib/a.ex:3"),
        (json!({ "uri": "a%20b.ex", "uriBaseId": "SRC" }), "lib/a b.ex:3"),
        (json!({ "uri": "a.ex", "uriBaseId": "UNKNOWN" }), "a.ex:3"),
        (json!({ "uri": "a.ex", "uriBaseId": "LOOP" }), "a.ex:3"),
        (json!({ "uri": "/home/ann/shop/lib/a.ex" }), "lib/a.ex:3"),
        (json!({ "uri": "/etc/hosts" }), "/etc/hosts:3"),
        (json!({ "uri": "https://example.com/a" }), "-"),
        (json!({ "uri": "" }), "-"),
        (json!({ "index": 7 }), "-"),
        (json!({}), "-"),
    ] {
        let place_of = json!({ "physicalLocation": { "artifactLocation": location, "region": { "startLine": 3.0 } } });
        let result = json!({ "message": { "text": "m" }, "locations": [{}, place_of] });
        let report = run(json!({ "results": [result], "originalUriBaseIds": bases }));
        let report = read(&Reader::Sarif, &report, 1).unwrap();
        assert_eq!(report.findings()[0].place().unwrap_or("-".into()), place, "{place_of}");
    }
}

#[test]
fn depth_does_no_harm() {
    for (open, close) in [("[", "]"), (r#"{"runs":"#, "}"), (r#"{"x":"#, "}")] {
        let deep = open.repeat(200_000) + "0" + &close.repeat(200_000);
        assert!(first_line(&deep, 0).starts_with("FAULT"));
    }
    let beside = run(json!({ "results": [] })).replacen(
        '{',
        &format!("{{\"x\":{}{},", "[".repeat(100_000), "]".repeat(100_000)),
        1,
    );
    let beside = first_line(&beside, 0);
    assert!(beside.starts_with("Passed") || beside.starts_with("FAULT"), "{beside}");
}

proptest! {
    #[test]
    fn foreign_bytes_are_never_a_pass(bytes: Vec<u8>, code in 0..4) {
        prop_assert!(read(&Reader::Sarif, &String::from_utf8_lossy(&bytes), code).is_err());
    }

    #[test]
    fn a_report_that_was_changed_never_passes_with_another_code(at in 0usize..4000, with: char, code in 1..200) {
        let text = include_str!("../../fixtures/sarif/codeql.sarif");
        let changed: String = text.chars().enumerate().map(|(index, char)| if index == at { with } else { char }).collect();
        if let Ok(report) = read(&Reader::Sarif, &changed, code) {
            prop_assert!(!report.lets_pass());
        }
    }

    #[test]
    fn a_report_that_was_cut_is_a_fault(at in 0usize..2000) {
        let text = include_str!("../../fixtures/sarif/eslint.sarif").trim_end();
        prop_assert!(read(&Reader::Sarif, &text[..at.min(text.len() - 1)], 0).is_err());
    }
}
