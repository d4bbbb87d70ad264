use proptest::prelude::*;

use super::*;
use crate::reader::Reader;
use crate::testing::{read as answer, told};

const USUAL: &str =
    r"^(?<file>[^:]+):(?<line>\d+)(:(?<column>\d+))?: (?<severity>\w+): (?<message>.*)$";

fn usual() -> Reader {
    Reader::regex(USUAL).unwrap()
}

#[test]
fn each_line_that_matches_is_a_finding() {
    let said = "checking 3 files\n\
                lib/a.ex:3:7: warning: unused variable\n\
                \u{1b}[1m/home/ann/shop/lib/b.ex:12:\u{1b}[0m \u{1b}[31merror\u{1b}[0m: hunter22 is a password\r\n\
                lib/c.ex:0: Note: could be shorter\n\
                lib/d.ex:99999999999: severe: too long\n\
                \n\
                2 problems\n";
    insta::assert_snapshot!(told(&usual(), said, 1), @r"
    Refused errors=1 findings=4 notes=1 warnings=2
      lib/a.ex:3:7 - Warning: unused variable
      lib/b.ex:12 - Error: [redacted] is a password
      lib/d.ex - Warning: too long
      lib/c.ex - Note (advisory): could be shorter
    ");
}

#[test]
fn words_for_severities() {
    for (word, severity) in [
        ("error", Severity::Error),
        ("Fatal", Severity::Error),
        ("E", Severity::Error),
        ("warning", Severity::Warning),
        ("W", Severity::Warning),
        ("whatever", Severity::Warning),
        ("INFO", Severity::Note),
        ("hint", Severity::Note),
    ] {
        let report = answer(&usual(), &format!("a:1: {word}: m"), 0).unwrap();
        assert_eq!(report.findings()[0].severity, severity, "{word}");
        assert_eq!(report.lets_pass(), severity == Severity::Note, "{word}");
    }
}

#[test]
fn without_groups_the_line_is_the_message() {
    let todo = Reader::regex("TODO|FIXME").unwrap();
    insta::assert_snapshot!(told(&todo, "one\n  a TODO\n", 0), @r"
    Refused errors=1 findings=1 notes=0 warnings=0
      - - Error: a TODO
    ");
    let file = Reader::regex("(?<file>.+)").unwrap();
    insta::assert_snapshot!(told(&file, "main.go\n", 0), @r"
    Refused errors=1 findings=1 notes=0 warnings=0
      main.go - Error: main.go
    ");
}

#[test]
fn exit_code_and_lines_together() {
    insta::assert_snapshot!(told(&usual(), "all well\n", 0), @"Passed errors=0 findings=0 notes=0 warnings=0");
    insta::assert_snapshot!(told(&usual(), "", 0), @"Passed errors=0 findings=0 notes=0 warnings=0");
    insta::assert_snapshot!(told(&usual(), "lint: no such file: conf.toml\n", 2), @r"
    FAULT `lint` ended with exit code 2, and it names nothing that is wrong
      hint: run `lint` by hand, and look whether it writes what `read` says
    ");
    insta::assert_snapshot!(told(&usual(), "a:1: note: m\n", 1), @r"
    Refused errors=0 findings=1 notes=1 warnings=0
      - exit-code Error: `lint` ended with exit code 1, although it names only notes
      a:1 - Note (advisory): m
    ");
}

#[test]
fn a_pattern_that_could_not_work_is_refused() {
    let said = |pattern| Reader::regex(pattern).map(|_| ()).unwrap_err().to_string();
    assert_eq!(said("(?<file>"), "`(?<file>` is not a regular expression");
    assert_eq!(said("(?<path>.*)"), "the pattern has a group `path`, which means nothing");
}

#[test]
fn no_bytes_pass_with_another_exit_code() {
    let usual = usual();
    proptest!(|(bytes: Vec<u8>, code in 1..200)| {
        if let Ok(report) = answer(&usual, &String::from_utf8_lossy(&bytes), code) {
            prop_assert!(!report.lets_pass());
        }
    });
}
