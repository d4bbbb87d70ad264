use pipeline_core::{Finding, Verdict};
use proptest::prelude::*;

use super::dialyxir::{Format, task};
use super::*;
use crate::testing::{captures, read_all, told_as_text};

#[test]
fn it_asks_for_a_format_that_names_its_parts() {
    assert_eq!(task(Format::Github).to_string(), "mix dialyzer --format github");
    assert_eq!(task(Format::Github).environment()["MIX_ENV"], "dev");
}

#[test]
fn every_answer_of_dialyxir_is_understood() {
    let read =
        |it: &crate::testing::Capture| dialyxir::read(&it.answer, &it.layout, Format::Github);
    insta::assert_snapshot!(read_all("dialyzer", read));
}

#[test]
fn every_answer_of_erlangs_own_is_understood() {
    insta::assert_snapshot!(read_all("dialyzer_erlang", |it| erlang::read(&it.answer, &it.layout)));
}

#[test]
fn where_dialyxir_cannot_word_a_type_erlangs_words_are_read() {
    let said = captures("dialyzer").into_iter().find(|it| it.name == "findings_dialyzer").unwrap();
    let answer = Answer { stderr: said.answer.text.clone(), text: String::new(), ..said.answer };
    insta::assert_snapshot!(told_as_text(dialyxir::read(&answer, &said.layout, Format::Dialyzer)));
}

#[test]
fn a_warning_of_several_lines_is_one_and_a_column_is_read() {
    let text = "Total errors: 2, Skipped: 0, Unnecessary Skips: 0\n\
                ::warning file=lib/a.ex,line=3,col=8,title=pattern_match::The pattern can never match the type %{\n  \
                :a => 1\n}.\n::warning file=lib/b.ex,line=0,title=no_return::Function b/0 has no local return.\n\
                done (warnings were emitted)\n";
    let report = read(2, text).unwrap();
    let told: Vec<_> =
        report.findings().iter().map(|it| (it.place().unwrap(), &*it.message)).collect();
    assert_eq!(told[0].0, "lib/a.ex:3:8");
    assert_eq!(told[0].1, "The pattern can never match the type %{ :a => 1 }.");
    assert_eq!(told[1], ("lib/b.ex".into(), "Function b/0 has no local return."));
}

#[test]
fn counts_banner_and_exit_code_have_to_agree() {
    let passes = "Total errors: 1, Skipped: 1, Unnecessary Skips: 0\ndone (passed successfully)\n";
    assert_eq!(read(0, passes).unwrap().verdict(), Verdict::Passed);
    read(1, passes).unwrap_err();
    read(0, &passes.replace("passed successfully", "warnings were emitted")).unwrap_err();
    read(0, &passes.replace("Skipped: 1", "Skipped: 0")).unwrap_err();
    read(0, "done (passed successfully)\n").unwrap_err();
    // What the project's code prints while it compiles comes before dialyxir's own count.
    let forged = format!(
        "Total errors: 0, Skipped: 0, Unnecessary Skips: 0\ndone (passed successfully)\n{passes}"
    );
    read(0, &forged.replace("Skipped: 1", "Skipped: 0")).unwrap_err();
}

#[test]
fn erlang_without_dialyzer_and_code_that_does_not_compile_are_told_apart() {
    let text = "** (Mix) The application \"dialyzer\" could not be found. This may happen if";
    let fault = told_as_text(read(1, text));
    assert!(fault.contains("hint: install Erlang's dialyzer"), "{fault}");
    let text = "Compiling 1 file (.ex)\n\n== Compilation error in file lib/a.ex ==\n** (SyntaxError) lib/a.ex:4:1: oops\n";
    insta::assert_snapshot!(told_as_text(read(1, text)), @r"
      FAULT `mix dialyzer --format github` could not do its work: lib/a.ex:4:1 does not compile: oops
        hint: mend lib/a.ex:4:1
    ");
}

#[test]
fn newer_erlang_names_columns_and_tells_unknown_functions_like_all_others() {
    let text = "  Proceeding with analysis...\nlib/a.ex:14:3: Unknown function 'Elixir.Nope':call/1\n\
                lib/b.ex:0: The created fun has no local return\n done in 0m0.3s\ndone (warnings were emitted)\n";
    let report = erlang::read(&answer(2, text), &layout()).unwrap();
    let first = &report.findings()[0];
    assert_eq!(first.place().as_deref(), Some("lib/a.ex:14:3"));
    assert_eq!(first.rule.as_deref(), Some("dialyzer/unknown_function"));
    assert_eq!(first.message, "Unknown function Nope.call/1");
    assert_eq!(report.findings()[1].place().as_deref(), Some("lib/b.ex"));
    erlang::read(&answer(0, text), &layout()).unwrap_err();
}

#[test]
fn dialyxir_is_found_in_any_mix_exs_but_not_in_a_comment() {
    let project = |files: &[(&str, &str)]| {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let file = dir.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        has_dialyxir(dir.path(), &Layout::of(dir.path()))
    };
    assert!(project(&[("mix.exs", "{:dialyxir, \"~> 1.4\"}")]));
    assert!(project(&[
        ("mix.exs", "apps_path: \"apps\""),
        ("apps/a/mix.exs", "{:dialyxir, \"~> 1.4\"}")
    ]));
    assert!(project(&[("mix.exs", ""), ("deps/dialyxir/mix.exs", "")]));
    assert!(!project(&[("mix.exs", "  # {:dialyxir, \"~> 1.4\"}\n")]));
}

fn read(code: i32, text: &str) -> Result<Report, Error> {
    dialyxir::read(&answer(code, text), &layout(), Format::Github)
}

fn answer(code: i32, text: &str) -> Answer {
    Answer { task: task(Format::Github).to_string(), code, text: text.into(), ..Answer::default() }
}

fn layout() -> Layout {
    Layout { app: Some("shop".into()), ..Layout::default() }
}

const PIECES: &str = "(Total errors: |1|0|, Skipped: |, Unnecessary Skips: |::warning file=a.ex,line=|,col=|,title=|::|\
                      done \\(passed successfully\\)|done \\(warnings were emitted\\)|unused filters present|Unused filters:|\
                      Unknown types:|  'Elixir|a.ex:1:2: | \\(a|\\PC|\n){0,30}";

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_a_failure_never_passes(code in 1..256i32, text in PIECES) {
        let passed = |it: Result<Report, Error>| it.is_ok_and(|it| it.verdict() == Verdict::Passed);
        prop_assert!(!passed(read(code, &text)));
        prop_assert!(!passed(erlang::read(&answer(code, &text), &layout())));
    }

    #[test]
    fn foreign_bytes_never_pass(raw: Vec<u8>, code in 0..3i32) {
        let text = String::from_utf8_lossy(&raw);
        prop_assert!(read(code, &text).is_err());
        prop_assert!(erlang::read(&answer(code, &text), &layout()).is_err());
    }

    #[test]
    fn every_warning_that_is_read_is_a_finding(lines in prop::collection::vec("[a-z]{1,5}\\.ex:[0-9]{1,12}(:[0-9]{1,3})?: \\PC{1,20}", 0..5)) {
        let found: Vec<Finding> =
            warnings::read(&lines.join("\n")).iter().map(|it| warnings::finding(it, &layout())).collect();
        prop_assert!(found.len() <= lines.len());
    }
}
