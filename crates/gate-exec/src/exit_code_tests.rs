use proptest::prelude::*;

use crate::reader::Reader;
use crate::testing::{read, told};

#[test]
fn the_code_is_the_answer() {
    let reader = Reader::default();
    insta::assert_snapshot!(told(&reader, "error: looks bad\n", 0), @"Passed");
    insta::assert_snapshot!(told(&reader, "checking\n\n  GPL in   plug\n", 1), @r"
    Refused 
      - exit-code Error: `lint` said no (exit code 1): checking / GPL in plug
    ");
    insta::assert_snapshot!(told(&reader, "", 1), @r"
    Refused 
      - exit-code Error: `lint` said no (exit code 1): it said nothing
    ");
    insta::assert_snapshot!(told(&reader, "no such option\n", 2), @r"
    FAULT `lint` ended with exit code 2, which is neither a yes nor a no
      hint: run `lint` by hand, or add 2 to refuse_codes if it is a no
    ");
}

#[test]
fn other_codes_may_be_a_no() {
    let reader = Reader::ExitCode { refuse: [2, 65].into() };
    assert!(read(&reader, "", 65).is_ok_and(|report| !report.lets_pass()));
    assert!(read(&reader, "", 1).is_err());
}

#[test]
fn the_finding_is_short_and_the_output_is_beside_it() {
    let lines: Vec<_> = (0..100).map(|it| format!("{it} {}", "x".repeat(10_000))).collect();
    let text = lines.join("\n");
    let report = read(&Reader::default(), &text, 1).unwrap();
    let message = &report.findings()[0].message;
    assert!(message.len() < 1_200 && message.contains("/ 99 xxx"), "{message}");
    let output = report.all_evidence()[0].value.to_string();
    assert!(output.len() < 45_000 && output.contains("60 xxx"), "{output}");
}

proptest! {
    #[test]
    fn only_0_passes(text: String, code: i32) {
        let passes = read(&Reader::default(), &text, code).is_ok_and(|it| it.lets_pass());
        prop_assert_eq!(passes, code == 0);
    }
}
