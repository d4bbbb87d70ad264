use super::*;
use crate::testing;

fn told() -> Told {
    Told {
        outcome: Some("ROLLBACK".into()),
        version: Some("v7".into()),
        exit_code: 30,
        duration_ms: Some(12_340),
        words: Some(
            "smoke refused (3 findings). v7 was taken back: v6 serves staging, verified.".into(),
        ),
        ..Told::default()
    }
}

#[test]
fn the_page_says_what_is_true_every_step_and_what_was_found() {
    insta::assert_snapshot!(summary(&testing::account(), &told(), LARGEST_SUMMARY));
}

#[test]
fn a_page_of_a_run_that_was_left_names_what_no_step_tells() {
    let page =
        summary(&testing::left_half_way(), &Told { exit_code: 130, ..told() }, LARGEST_SUMMARY);
    assert!(
        page.contains("### ❌ v7") && page.contains("| ? | | test | open |  | it did not end |"),
        "{page}"
    );
    assert!(page.contains("**flyio&#58;shop** (deploy): the token is not accepted"), "{page}");
}

#[test]
fn a_page_that_is_too_large_is_cut_between_lines_and_says_so() {
    let long = "x".repeat(9_000);
    let finding = |line| Finding::error(long.clone()).at("lib/ä.ex", line);
    let account = testing::refused((1..=400).map(finding).collect());
    let whole = summary(&account, &told(), usize::MAX);
    assert!(whole.len() > LARGEST_SUMMARY && whole.contains("… and 200 more"));
    for room in [LARGEST_SUMMARY, 20_000, 700] {
        let page = summary(&account, &told(), room);
        assert!(page.len() <= room && page.len() > room / 2, "{} of {room}", page.len());
        assert!(page.contains("does not fit"), "{page}");
        assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
    }
    assert_eq!(summary(&account, &told(), 50), "");
}

#[test]
fn what_a_tool_says_is_never_more_than_text() {
    let hostile = "</details><script>x</script>\n| a |\n# b\n[c](d)";
    let page = summary(&testing::refused(vec![Finding::error(hostile)]), &told(), LARGEST_SUMMARY);
    assert!(
        !page.contains("<script") && !page.contains("[c](d)") && !page.contains("\n# b"),
        "{page}"
    );
    assert_eq!(page.matches("</details>").count(), 1);
}
