use std::fmt::Write;

use proptest::prelude::*;

use crate::reader::Reader;
use crate::testing::{read, told, told_of};

fn of(file: &str, code: i32) -> String {
    told_of(&Reader::Junit, &format!("junit/{file}.xml"), code)
}

fn first_line(text: &str, code: i32) -> String {
    told(&Reader::Junit, text, code).lines().next().unwrap().to_owned()
}

#[test]
fn exunit() {
    insta::assert_snapshot!(of("exunit", 2), @r"
    Refused errors=1 failures=1 findings=2 skipped=1 tests=4
      test/shop/cart_test.exs:12 test/failure Error: test adds up: error: Assertion with == failed
      test/shop/cart_test.exs:30 test/error Error: test is stored: Invalid module Elixir.ExUnit.TestModule
    ");
}

#[test]
fn pytest() {
    insta::assert_snapshot!(of("pytest", 1), @r#"
    Refused errors=1 failures=1 findings=2 skipped=1 tests=4
      - test/failure Error: tests.test_cart test_total: assert 4 == 5 + where 4 = total([2, 2])
      - test/error Error: tests.test_cart test_db: failed on setup with "ConnectionRefusedError: [Errno 111]"
    "#);
}

#[test]
fn gotestsum() {
    insta::assert_snapshot!(of("gotestsum", 1), @r"
    Refused errors=0 failures=2 findings=2 skipped=0 tests=3
      - test/failure Error: example.com/shop/cart TestTotal: cart_test.go:9: got 4, want 5
      - test/failure Error: example.com/shop/store TestMain: panic: runtime error: index out of range [3] with length <3>
    ");
}

#[test]
fn failures_count_although_the_exit_code_is_0() {
    insta::assert_snapshot!(of("nested", 0), @r"
    Refused errors=1 failures=1 findings=2 skipped=0 tests=3
      assets/test/cart.test.js test/failure Error: adds <up>: 4 & 5 ? differ
      - test/error Error: could not connect to the database
    ");
}

#[test]
fn tests_must_have_run() {
    let one = r#"<testsuite tests="1"><testcase name="a"/></testsuite>"#;
    insta::assert_snapshot!(told(&Reader::Junit, one, 0), @"Passed errors=0 failures=0 findings=0 skipped=0 tests=1");
    insta::assert_snapshot!(told(&Reader::Junit, one, 1), @r"
    FAULT `lint` ended with exit code 1, and it names nothing that is wrong
      hint: run `lint` by hand, and look whether it writes what `read` says
    ");
    let none = r#"<testsuites tests="0"/>"#;
    insta::assert_snapshot!(told(&Reader::Junit, none, 0), @r"
    Inconclusive errors=0 failures=0 findings=0 skipped=0 tests=0
      - test/none Warning: no test ran -> add tests, or look whether filters exclude all of them
    ");
    assert!(first_line(none, 5).starts_with("FAULT"));
    let skipped = "<testsuite><testcase name='a'><skipped/></testcase></testsuite>";
    insta::assert_snapshot!(told(&Reader::Junit, skipped, 0), @r"
    Inconclusive errors=0 failures=0 findings=0 skipped=1 tests=1
      - test/none Warning: no test ran, 1 skipped -> add tests, or look whether filters exclude all of them
    ");
}

#[test]
fn failures_that_are_only_counted_are_a_fault() {
    let counted =
        r#"<testsuites><testsuite failures="2"><testcase name="a"/></testsuite></testsuites>"#;
    insta::assert_snapshot!(told(&Reader::Junit, counted, 0), @r"
    FAULT `lint` ended with exit code 0, and standard output counts failures and names none
      hint: run `lint` by hand, and look whether it writes what `read` says
    ");
}

#[test]
fn what_is_no_junit_xml_is_a_fault_that_says_so() {
    for (text, said) in [
        ("", "is empty"),
        ("12 tests passed", "is not JUnit XML: it has no element"),
        ("<html><body/></html>", "is not JUnit XML: its root is `html`"),
        ("<testsuite><testcase name='a'/>", "is not JUnit XML: it ends in the middle"),
        (
            "<testsuite><testcase></testsuite>",
            "is not JUnit XML: ill-formed document: expected `</testcase>`, but `</testsuite>` was found",
        ),
        (
            "<testsuite><testcase name='a",
            "is not JUnit XML: syntax error: attribute value not closed",
        ),
    ] {
        let line = first_line(text, 0);
        let start = format!("FAULT `lint` ended with exit code 0, and standard output {said}");
        assert!(line.starts_with(&start), "{line}");
    }
}

#[test]
fn text_of_the_report_is_made_safe() {
    let text = "<testsuite><testcase name='a' file='&#27;[2Jlib/a.ex'><failure message='&#x1b;[31mhunter22&#x0a;\u{202e}!'/>\
                </testcase></testsuite>";
    insta::assert_snapshot!(told(&Reader::Junit, text, 1), @r"
    Refused errors=0 failures=1 findings=1 skipped=0 tests=1
      lib/a.ex test/failure Error: a: [redacted] !
    ");
}

#[test]
fn entities_that_the_file_declares_are_not_expanded() {
    let mut bomb = String::from("<!DOCTYPE testsuites [<!ENTITY e0 \"boom\">");
    for number in 1..12 {
        let before = format!("&e{};", number - 1).repeat(10);
        write!(bomb, "<!ENTITY e{number} \"{before}\">").unwrap();
    }
    bomb.push_str(
        "<!ENTITY file SYSTEM \"file:///etc/passwd\">]><testsuites><testcase name='a&e11;'>",
    );
    bomb.push_str("<failure message='&e11;'>&e11;&file;</failure></testcase></testsuites>");
    insta::assert_snapshot!(told(&Reader::Junit, &bomb, 1), @r"
    Refused errors=0 failures=1 findings=1 skipped=0 tests=1
      - test/failure Error: a&e11;: &e11;
    ");
}

#[test]
fn neither_depth_nor_width_does_harm() {
    let deep = "<testsuite>".repeat(300_000);
    assert!(first_line(&deep, 0).ends_with("more than 100 elements are open"));
    let attributes: String =
        (0..50_000).fold(String::new(), |text, number| text + &format!(" a{number}=''"));
    let wide = format!("<testsuite{attributes}><testcase{attributes}/></testsuite>");
    assert!(first_line(&wide, 0).starts_with("Passed"));
    let long = format!(
        "<testsuite><testcase><failure>{}</failure></testcase></testsuite>",
        "x ".repeat(500_000)
    );
    assert!(first_line(&long, 1).starts_with("Refused"));
}

proptest! {
    #[test]
    fn foreign_bytes_are_never_a_pass(bytes: Vec<u8>, code in 0..4) {
        prop_assert!(read(&Reader::Junit, &String::from_utf8_lossy(&bytes), code).is_err());
    }

    #[test]
    fn a_report_that_was_changed_never_passes_with_another_code(at in 0usize..1600, with: char, code in 1..200) {
        let text = include_str!("../../fixtures/junit/pytest.xml");
        let changed: String = text.chars().enumerate().map(|(index, char)| if index == at { with } else { char }).collect();
        if let Ok(report) = read(&Reader::Junit, &changed, code) {
            prop_assert!(!report.lets_pass());
        }
    }

    #[test]
    fn a_report_that_was_cut_is_a_fault(at in 0usize..1200) {
        let text = include_str!("../../fixtures/junit/gotestsum.xml").trim_end();
        prop_assert!(read(&Reader::Junit, &text[..at.min(text.len() - 1)], 0).is_err());
    }
}
