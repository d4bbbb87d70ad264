use pipeline_core::{Report, Verdict};
use proptest::prelude::*;

use super::*;
use crate::error::Error;
use crate::layout::Layout;
use crate::mix::Answer;
use crate::testing::{captures, read_all, told_as_text};
use pipeline_process::Redactor;
use pipeline_process::Streams;

#[test]
fn it_asks_for_all_issues_as_data_apart_from_everything_else() {
    let all = task(&[]);
    assert_eq!(all.to_string(), "mix credo --strict --format json");
    assert_eq!((all.streams(), &*all.environment()["MIX_ENV"]), (Streams::Apart, "dev".as_ref()));
    let some = task(&["lib/a.ex".into(), "lib/b.ex".into()]);
    assert_eq!(some.to_string(), "mix credo --strict --format json lib/a.ex lib/b.ex");
}

#[test]
fn every_answer_of_a_real_credo_is_understood() {
    insta::assert_snapshot!(read_all("credo", |it| {
        read(&it.answer, &it.layout, if it.name.contains("exit_status_zero") { EXEMPT } else { "" })
    }));
}

const EXEMPT: &str = "[{Credo.Check.Readability.ModuleDoc, [exit_status: 0]}]";

const ISSUE: &str = r#"{"issues": [{"category": "warning", "check": "Credo.Check.Warning.IoInspect", "column": 5, "filename": "lib/a.ex", "line_no": 7, "message": "no \"hunter22\"\u001b[31m\u202e\nhere", "scope": null}]}"#;
const NONE: &str = r#"{"issues": []}"#;

#[test]
fn the_report_and_the_exit_code_must_agree() {
    for (code, text, verdict) in [
        (0, NONE, Some(Verdict::Passed)),
        (16, ISSUE, Some(Verdict::Refused)),
        (0, ISSUE, Some(Verdict::Refused)),
        (1, NONE, None),
        (127, NONE, None),
        (128, ISSUE, None),
        (130, NONE, None),
        (0, "", None),
        (0, "found no issues", None),
    ] {
        let report = read(&answer(code, text, ""), &Layout::default(), "");
        assert_eq!(report.ok().map(|it| it.verdict()), verdict, "{code} {text}");
    }
}

#[test]
fn an_issue_that_is_exempt_blocks_only_where_credo_says_no() {
    let exempt = "{Credo.Check.Warning.IoInspect, [exit_status: 0]}";
    for (code, verdict) in [(0, Verdict::Alert), (16, Verdict::Refused)] {
        let report = read(&answer(code, ISSUE, ""), &Layout::default(), exempt).unwrap();
        assert_eq!(report.verdict(), verdict, "{code}");
    }
}

#[test]
fn an_issue_is_told_without_secrets_and_without_what_steers_a_terminal() {
    let report = read(&answer(16, ISSUE, ""), &Layout::default(), "").unwrap();
    assert_eq!(report.findings()[0].message, "no [redacted] here");
}

#[test]
fn a_report_that_ends_in_the_middle_is_no_answer_unless_we_cut_it() {
    let begun = ISSUE.strip_suffix("]}").unwrap();
    insta::assert_snapshot!(told_as_text(read(&answer(16, begun, ""), &Layout::default(), "")), @r"
      FAULT `mix credo --strict --format json` ended with exit code 16, and its report has no end
        hint: run `mix credo --strict --format json` by hand and look at it
    ");
    let cut = format!("{begun}\n[… 7 lines left out …]\n]}}\n");
    insta::assert_snapshot!(told_as_text(read(&answer(16, &cut, ""), &Layout::default(), "")), @r"
      Refused 
        lib/a.ex:7:5 credo/Warning.IoInspect: no [redacted] here -> run `mix credo explain lib/a.ex:7:5`
        - credo/too-many: there are more issues than are kept in memory: these are some of them -> run `mix credo --strict` to see all of them
    ");
    read(&answer(0, &cut, ""), &Layout::default(), "").unwrap_err();
}

#[test]
fn files_that_nobody_looked_at_are_named_whatever_else_was_found() {
    let many: Vec<_> = (1..=14).map(|it| format!("{it:>4}) lib/{it}.ex")).collect();
    let many = many.join("\n");
    let stderr = format!(
        "\ninfo: Some source files could not be parsed correctly and are excluded:\n\n{many}\n"
    );
    insta::assert_snapshot!(told_as_text(read(&answer(16, ISSUE, &stderr), &Layout::default(), "")), @r"
      FAULT `mix credo --strict --format json` could not do its work: lib/1.ex does not compile: Credo cannot parse it, nor lib/2.ex, lib/3.ex, lib/4.ex, lib/5.ex, lib/6.ex, lib/7.ex, lib/8.ex, lib/9.ex, lib/10.ex, lib/11.ex and 3 more, and leaves them out
        hint: mend lib/1.ex
    ");
    let quoted = ISSUE.replace("here", "info: Some source files could not be parsed correctly");
    assert!(read(&answer(16, &quoted, ""), &Layout::default(), "").is_ok());
}

#[test]
fn a_project_that_mix_cannot_build_is_told_in_the_words_of_mix() {
    let stderr = "Unchecked dependencies for environment dev:\n* credo (Hex package)\n  the dependency is not \
                  available, run \"mix deps.get\"\n** (Mix) Can't continue due to errors on dependencies\n";
    insta::assert_snapshot!(told_as_text(read(&answer(1, "", stderr), &Layout::default(), "")), @r"
      FAULT `mix credo --strict --format json` could not do its work: dependencies are missing or out of date: credo
        hint: run `mix deps.get`
    ");
    let stderr = "** (TokenMissingError) mix.exs:41:1: missing terminator: end\n    (mix 1.14.0) lib/mix/cli.ex:42: x\n";
    insta::assert_snapshot!(told_as_text(read(&answer(1, "", stderr), &Layout::default(), "")), @r#"
      FAULT `mix credo --strict --format json` could not do its work: mix.exs:41:1: missing terminator: end
        hint: mend mix.exs:41:1
    "#);
}

#[test]
fn an_answer_is_cacheable_only_where_all_that_it_depends_on_is_declared() {
    let dir = tempfile::tempdir().unwrap();
    let cx = crate::testing::context();
    let project = MixProject::at(dir.path());
    assert!(!Credo::new(project.clone()).inputs(&cx).unwrap().complete);
    let tools = [("elixir".to_owned(), "1.14.0".to_owned())].into();
    let gate = Credo::new(project.tools(tools));
    assert!(gate.inputs(&cx).unwrap().complete);
    std::fs::write(dir.path().join(".credo.exs"), "%{requires: [\"x.ex\"]}").unwrap();
    assert!(!gate.inputs(&cx).unwrap().complete);
}

fn answer(code: i32, text: &str, stderr: &str) -> Answer {
    Answer { task: task(&[]).to_string(), code, text: text.into(), stderr: stderr.into() }
}

fn read(answer: &Answer, layout: &Layout, config: &str) -> Result<Report, Error> {
    let redactor = Redactor::new(&["\"hunter22\"".to_owned().into()]);
    let config = Config::saying(config);
    verdict::read(answer, &Rules { layout, config: &config, redactor: &redactor })
}

const PIECES: &str = r#"(\{"issues": |\[|\]|\}|\{"check": "A"|, |\{:badconfig, "a", %E\{line: 1|Error while running |info: Some source files could not be parsed correctly|   1\) a.ex|\*\* \(|\PC|"|\\|
){0,30}"#;

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_a_failure_never_passes(code in 1..256i32, text in PIECES, stderr in PIECES) {
        let report = read(&answer(code, &text, &stderr), &Layout::default(), &text);
        prop_assert!(!report.is_ok_and(|it| it.lets_pass()));
    }

    #[test]
    fn foreign_bytes_do_not_make_it_panic_and_never_pass(raw: Vec<u8>) {
        let text = String::from_utf8_lossy(&raw);
        prop_assert!(read(&answer(0, &text, &text), &Layout::default(), &text).is_err());
    }

    #[test]
    fn what_is_cut_short_anywhere_never_passes(keep in 0.0..1.0f64, which in 0..100usize) {
        let all = captures("credo");
        let capture = &all[which % all.len()];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a length")]
        let end = (capture.answer.text.trim_end().len() as f64 * keep) as usize;
        let text = pipeline_process::cut(&capture.answer.text, end).to_owned();
        let answer = Answer { text, ..capture.answer.clone() };
        prop_assert!(!read(&answer, &capture.layout, "").is_ok_and(|it| it.lets_pass()));
    }
}
