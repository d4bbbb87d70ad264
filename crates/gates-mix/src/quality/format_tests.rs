use proptest::prelude::*;

use super::*;
use crate::testing::read_all;

#[test]
fn it_asks_mix_to_check_and_to_write_nothing() {
    assert_eq!(task().to_string(), "mix format --check-formatted");
    assert_eq!(task().environment()["MIX_ENV"], "dev");
}

#[test]
fn every_answer_of_a_real_mix_is_understood() {
    insta::assert_snapshot!(read_all("format", |it| read(&it.answer, &it.layout)));
}

#[test]
fn a_refusal_that_names_no_file_is_a_refusal() {
    let text = format!("** (Mix) {REFUSED}.\nnothing that anybody knows:\n");
    let report = read(&answer(1, &text), &Layout::default()).unwrap();
    assert_eq!(report.verdict(), pipeline_core::Verdict::Refused);
}

#[test]
fn an_exit_code_without_words_is_no_answer() {
    read(&answer(1, ""), &Layout::default()).unwrap_err();
    read(&answer(0, "** (RuntimeError) late\n"), &Layout::default()).unwrap_err();
}

fn answer(code: i32, text: &str) -> Answer {
    Answer { task: task().to_string(), code, text: text.into(), ..Answer::default() }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_a_failure_never_passes(code in 1..256i32, text in "\\PC*|([ *./a-z0-9|\n]{0,200})") {
        let text = format!("{REFUSED}\n{text}");
        prop_assert!(!read(&answer(code, &text), &Layout::default()).is_ok_and(|it| it.lets_pass()));
    }
}
