use pipeline_core::Verdict;
use proptest::prelude::*;

use super::*;
use crate::testing::read_all;

#[test]
fn it_compiles_everything_anew_in_its_own_environment() {
    let typed = "mix compile --warnings-as-errors --force --all-warnings";
    assert_eq!(task().to_string(), typed);
    assert_eq!(task().environment()["MIX_ENV"], "dev");
}

#[test]
fn every_answer_of_a_real_mix_is_understood() {
    insta::assert_snapshot!(read_all("compile", |it| read(&it.answer, &it.layout)));
}

#[test]
fn warnings_of_dependencies_are_not_the_projects() {
    let text = "==> jason\nCompiling 3 files (.ex)\nwarning: old\n  lib/jason.ex:3\n\n==> shop\n\
                Compiling 2 files (.ex)\nGenerated shop app\n";
    assert_eq!(report(0, text).verdict(), Verdict::Passed);
}

#[test]
fn warnings_of_the_configuration_are_told_and_block_nothing() {
    let text = "warning: use Mix.Config is deprecated. Use the Config module instead\n  \
                config/config.exs:1\n\nCompiling 2 files (.ex)\nGenerated shop app\n";
    let report = report(0, text);
    assert_eq!(report.verdict(), Verdict::Alert);
    assert_eq!(report.findings()[0].level, Level::Advisory);
}

#[test]
fn the_erlang_compiler_is_heard_as_well() {
    let text = "Compiling 1 file (.erl)\nsrc/foo.erl:3:8: Warning: variable 'X' is unused\n%    3| a() -> X = 1, ok.\n\
                %     |        ^\n\nCompiling 1 file (.ex)\nGenerated shop app\n";
    let warned = report(0, text);
    assert_eq!(warned.verdict(), Verdict::Refused);
    assert_eq!(warned.findings()[0].place().as_deref(), Some("src/foo.erl:3:8"));
    let text = "Compiling 1 file (.erl)\nsrc/foo.erl:3:12: syntax error before: ','\n%    3| a() -> X = , ok.\n";
    let broken = report(1, text);
    assert_eq!(broken.findings()[0].rule.as_deref(), Some("compile/error"));
    assert!((broken.numbers()["errors"] - 1.0).abs() < f64::EPSILON);
}

#[test]
fn one_warning_at_several_places_is_a_finding_for_each() {
    let text = "Compiling 2 files (.ex)\nwarning: Nope.call/1 is undefined\nInvalid call found at 2 locations:\n  \
                lib/a.ex:3: A.b/0\n  lib/a.ex:9: A.c/0\n\n";
    let places: Vec<_> = report(0, text).findings().iter().filter_map(Finding::place).collect();
    assert_eq!(places, ["lib/a.ex:3", "lib/a.ex:9"]);
}

#[test]
fn silence_is_no_pass() {
    read(&answer(0, ""), &layout()).unwrap_err();
    read(&answer(1, "Compiling 2 files (.ex)\n"), &layout()).unwrap_err();
    let text = "==> jason\nCompiling 3 files (.ex)\ncould not compile dependency :jason, \"mix compile\" failed.\n";
    read(&answer(1, text), &layout()).unwrap_err();
}

fn report(code: i32, text: &str) -> Report {
    read(&answer(code, text), &layout()).unwrap()
}

fn answer(code: i32, text: &str) -> Answer {
    Answer { task: task().to_string(), code, text: text.into(), ..Answer::default() }
}

fn layout() -> Layout {
    Layout { app: Some("shop".into()), ..Layout::default() }
}

const PIECES: &str = "(warning: |error: |  lib/a.ex:1:2: x\n|└─ a.ex:99999999999\n|==> a\n|\\*\\* \\(X\\) |== Compilation error in file |│|\\PC|\n){0,30}";

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_a_failure_never_passes(code in 1..256i32, text in PIECES) {
        let answer = read(&answer(code, &text), &layout());
        prop_assert!(!answer.is_ok_and(|it| it.verdict() == Verdict::Passed));
    }

    #[test]
    fn foreign_bytes_do_not_make_it_panic(raw: Vec<u8>) {
        let _ = read(&answer(0, &String::from_utf8_lossy(&raw)), &layout());
    }
}
