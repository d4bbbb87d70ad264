use super::*;

#[test]
fn the_summaries_of_all_versions_count_the_same() {
    for (line, [tests, failures, invalid, skipped, excluded]) in [
        ("1 doctest, 2 tests, 0 failures", [3, 0, 0, 0, 0]),
        ("2 properties, 1 test, 1 failure", [3, 1, 0, 0, 0]),
        ("1 doctest, 16 tests, 9 failures, 2 invalid, 2 skipped", [17, 9, 2, 2, 0]),
        ("14 tests, 1 failure, 13 excluded", [14, 1, 0, 0, 13]),
        ("Result: 3 passed (1 doctest, 2 tests)", [3, 0, 0, 0, 0]),
        ("Result: 4/13 passed (1/1 doctest, 3/12 tests), 2 invalid, 2 skipped", [17, 0, 2, 2, 0]),
    ] {
        let [suite] = &read(line)[..] else { panic!("{line}") };
        let counted = [suite.tests, suite.failures, suite.invalid, suite.skipped, suite.excluded];
        assert_eq!(counted, [tests, failures, invalid, skipped, excluded], "{line}");
        assert!(suite.ended);
    }
}

#[test]
fn lines_that_only_look_like_it_are_none() {
    for line in ["no failures", "1 test", "Result: good", "3 apples, 1 failure: x", "12, failures"]
    {
        assert_eq!(read(line), [], "{line}");
    }
}

#[test]
fn in_an_umbrella_the_stack_names_files_from_the_application() {
    let text = "==> beta\n\n  1) test adds (BetaTest)\n     apps/beta/test/beta_test.exs:3\n     Assertion with == \
                failed\n     code:  assert 1 + 1 == 3\n     stacktrace:\n       test/beta_test.exs:4: (test)\n\n.\n\
                2 tests, 1 failure\n";
    let failed = &read(text)[0].failed[0];
    assert_eq!(failed.name, "test adds (BetaTest)");
    assert_eq!(failed.message, "Assertion with == failed code: assert 1 + 1 == 3");
    assert_eq!((failed.starts, failed.line), (Some(3), Some(4)));
}
