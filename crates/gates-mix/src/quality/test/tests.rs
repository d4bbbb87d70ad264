use std::collections::BTreeMap;

use pipeline_core::{Report, Verdict};
use proptest::prelude::*;

use super::suite::Suite;
use super::*;
use crate::layout::Layout;
use crate::testing::{read_all, told_as_text};
use pipeline_process::Redactor;

#[test]
fn it_runs_all_tests_with_coverage_in_their_own_environment() {
    assert_eq!(task().to_string(), "mix test --cover");
    assert_eq!(task().environment()["MIX_ENV"], "test");
}

#[test]
fn every_answer_of_a_real_mix_is_understood_from_its_text_alone() {
    insta::assert_snapshot!(read_all("test", |it| {
        verdict::read(&it.answer, &[], &Rules { layout: &it.layout, min_coverage: None })
    }));
}

const EVENTS: &str = r#"{"app":"alpha","event":"suite","seed":7}
{"app":"alpha","event":"test","outcome":"passed","module":"AlphaTest","name":"test a","file":"/p/apps/alpha/test/a_test.exs","starts":5,"line":5,"message":null}
{"app":"alpha","event":"end","covered":9,"missed":1}
{"app":"beta","event":"suite","seed":7}
{"app":"beta","event":"test","outcome":"skipped","module":"BetaTest","name":"test s","file":null,"starts":7,"line":7,"message":null}
{"app":"beta","event":"test","outcome":"failed","module":"BetaTest","name":"test \u001b[31madds","file":"/p/apps/beta/test/b_test.exs","starts":3,"line":4,"message":"no hunter22\u001b]0;x\u0007"}
{"app":"beta","event":"module","module":"OtherTest","file":"/p/apps/beta/test/o_test.exs","line":2,"message":"** (RuntimeError) no database"}
{"app":"beta","event":"end","covered":0,"missed":30}
"#;

#[test]
fn the_formatters_events_give_places_in_the_project_and_one_coverage_for_all() {
    let told = read(2, EVENTS, "", None);
    insta::assert_snapshot!(told_as_text(told), @r"
      Refused coverage=22.5 excluded=0 failures=1 invalid=0 seed=7 skipped=1 tests=3
        apps/beta/test/b_test.exs:4 [beta] test/failure: test adds (BetaTest): no [redacted] -> run `mix test apps/beta/test/b_test.exs:3`
        apps/beta/test/o_test.exs:2 [beta] test/failure: setup_all (OtherTest): ** (RuntimeError) no database -> run `mix test apps/beta/test/o_test.exs`
    ");
}

const PASSED: &str = r#"{"app":"shop","event":"suite","seed":7}
{"app":"shop","event":"test","outcome":"passed","module":"ATest","name":"test a","file":"/p/test/a_test.exs","starts":5,"line":5,"message":null}
{"app":"shop","event":"end","covered":null,"missed":null}
"#;

#[test]
fn tests_that_never_ended_have_not_passed() {
    let begun = PASSED.lines().take(2).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(told_as_text(read(0, &begun, "", None)), @r"
      FAULT `mix test --cover` ended with exit code 0, and the tests of shop did not come to their end
        hint: run `mix test --cover` by hand and look at it
    ");
    assert_eq!(read(0, PASSED, "", None).unwrap().verdict(), Verdict::Passed);
    read(1, PASSED, "", None).unwrap_err();
    read(0, "", "", None).unwrap_err();
}

#[test]
fn our_limit_of_coverage_takes_the_place_of_the_one_of_mix() {
    let table = "    83.33% | Total\n\nCoverage test failed, threshold not met:\n\n    Coverage:   83.33%\n    \
                 Threshold:  90.00%\n";
    for (limit, verdict) in [
        (None, Verdict::Refused),
        (Some(80.0), Verdict::Passed),
        (Some(83.33), Verdict::Passed),
        (Some(83.34), Verdict::Refused),
    ] {
        assert_eq!(read(3, PASSED, table, limit).unwrap().verdict(), verdict, "{limit:?}");
    }
    // A limit without a number to compare it with.
    read(0, PASSED, "", Some(80.0)).unwrap_err();
}

#[test]
fn the_limit_of_excoveralls_is_a_refusal_unless_we_have_our_own() {
    let table =
        "[TOTAL]  66.7%\n----------------\nFAILED: Expected minimum coverage of 90%, got 66.7%.\n";
    insta::assert_snapshot!(told_as_text(read(1, PASSED, table, None)), @r"
      Refused coverage=66.7 excluded=0 failures=0 invalid=0 seed=7 skipped=0 tests=1
        - test/coverage: coverage is 66.70 %, the limit is 90.00 % -> test what is not covered: see the folder `cover`
    ");
    assert_eq!(read(1, PASSED, table, Some(60.0)).unwrap().verdict(), Verdict::Passed);
    assert_eq!(read(1, PASSED, table, Some(70.0)).unwrap().verdict(), Verdict::Refused);
    read(2, PASSED, table, Some(60.0)).unwrap_err();
}

#[test]
fn a_table_of_one_application_is_not_the_coverage_of_all() {
    let passed = EVENTS.replace("\"failed\"", "\"passed\"");
    let passed = passed.replace("\"event\":\"module\"", "\"event\":\"other\"");
    for (app, coverage) in [("==> alpha\n", 22.5), ("", 90.0)] {
        let report = read(0, &passed, &format!("{app}[TOTAL]  90.0%\n"), None).unwrap();
        assert_eq!(report.numbers().get("coverage"), Some(&coverage), "{app}");
    }
}

#[test]
fn no_names_that_tests_print_become_numbers_without_end() {
    let tables: Vec<_> = (0..1_000).map(|it| format!("==> app{it}\n1.00% | Total\n")).collect();
    let tables = tables.concat();
    for (told, most) in [(EVENTS, 0), (PASSED, 100)] {
        let report = read(0, told, &tables, None).unwrap();
        let names = report.numbers().keys().filter(|it| it.starts_with("coverage/")).count();
        assert_eq!(names, most);
    }
}

#[test]
fn another_limit_is_another_question() {
    let cx = crate::testing::context();
    let gate = |limit| Test::new(MixProject::at("shop")).min_coverage(limit).inputs(&cx).unwrap();
    assert_eq!(gate(Some(80.0)).settings["min_coverage"], "80");
    assert!(gate(None).settings.is_empty());
    assert!(gate(None).files.contains(&"test/**".to_owned()));
}

#[test]
fn a_check_that_evaluated_nothing_could_not_tell() {
    let excluded = PASSED.replace("passed", "excluded");
    for (events, text) in [(excluded.as_str(), ""), ("", "There are no tests to run\n")] {
        assert_eq!(read(0, events, text, None).unwrap().verdict(), Verdict::Inconclusive);
    }
}

#[test]
fn a_helper_that_does_not_run_is_refused_and_a_source_that_does_not_compile_is_a_fault() {
    let helper = "** (RuntimeError) no\n    test/test_helper.exs:1: (file)\n    (elixir 1.14.0) lib/code.ex:1245: x\n";
    let report = read(1, "", helper, None).unwrap();
    assert_eq!(report.findings()[0].place().as_deref(), Some("test/test_helper.exs:1"));
    let source = "\n== Compilation error in file lib/a.ex ==\n** (CompileError) lib/a.ex:4: undefined function x/0\n";
    insta::assert_snapshot!(told_as_text(read(1, "", source, None)), @r"
      FAULT `mix test --cover` could not do its work: lib/a.ex:4 does not compile: undefined function x/0
        hint: mend lib/a.ex:4
    ");
}

fn read(code: i32, told: &str, text: &str, min_coverage: Option<f64>) -> Result<Report, Error> {
    let suites = suites(told);
    let apps = ["alpha", "beta"].map(|app| (app.into(), format!("apps/{app}")));
    let apps = if told.contains("alpha") { apps.into() } else { BTreeMap::new() };
    let layout = Layout { roots: vec!["/p".into()], mix_exs: true, apps, ..Layout::default() };
    let answer = Answer { task: task().to_string(), code, text: text.into(), ..Answer::default() };
    verdict::read(&answer, &suites, &Rules { layout: &layout, min_coverage })
}

fn suites(told: &str) -> Vec<Suite> {
    events::read(told, &Redactor::new(&["hunter22".to_owned().into()]))
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_a_failure_never_passes(
        code in 1..256i32,
        told in "(\\{\"event\":|\"suite\"|\\}|\"end\"|\\PC|\n){0,20}",
        text in "(  1\\) test|     test/a.exs:1\n|1 test, 1 failure|Result: |\\PC|\n|/9 passed ){0,30}",
    ) {
        prop_assert!(!read(code, &told, &text, None).is_ok_and(|it| it.lets_pass()));
    }
}
