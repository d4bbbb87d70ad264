//! Which commits are as the rules want them.

use super::*;

fn commit() -> Commit {
    Commit {
        head: "4f1c2ab0d9e8".into(),
        branches: vec!["main".into(), "fix/cart".into()],
        tags: vec!["v1.2.0".into()],
        pushed: Pushed::On("main".into()),
        ..Commit::default()
    }
}

fn rules() -> TreeRules {
    TreeRules {
        clean: true,
        pushed: Some("origin".into()),
        tagged: Some(Pattern::new("v*").unwrap()),
        branches: vec![Pattern::new("main").unwrap(), Pattern::new("release/*").unwrap()],
    }
}

fn said(commit: &Commit) -> String {
    let report = judge_tree(&rules(), commit);
    let lines = report.findings().iter().map(|it| {
        format!("{}: {} -> {}", report.verdict(), it.message, it.remedy.as_deref().unwrap())
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_commit_that_is_as_it_should_be_passes() {
    assert_eq!(judge_tree(&rules(), &commit()), Report::passed());
    let anything = Commit { dirty: vec![" M mix.exs".into()], ..Commit::default() };
    assert_eq!(judge_tree(&TreeRules::default(), &anything), Report::passed());
    assert!(TreeRules::default().is_empty() && !rules().is_empty());
}

#[test]
fn each_rule_says_what_was_wanted_what_is_and_what_mends_it() {
    let dirty = |files: &[&str]| Commit {
        dirty: files.iter().map(ToString::to_string).collect(),
        ..commit()
    };
    let many: Vec<_> = (0..7).map(|it| format!(" M lib/{it}.ex")).collect();
    let unknown = Pushed::Unknown { why: "it does not answer".into(), remedy: "try again".into() };
    let table = [
        dirty(&[" M mix.exs", "?? .pipeline/", "?? shop/.pipeline/", "?? .pipeline/pipeline.db"]),
        dirty(&["?? secret.pipeline/"]),
        dirty(&many.iter().map(String::as_str).collect::<Vec<_>>()),
        Commit { branches: vec!["fix/cart".into()], ..commit() },
        Commit { branches: vec![], ..commit() },
        Commit { branches: vec![], shallow: true, ..commit() },
        Commit { tags: vec!["nightly".into()], shallow: true, ..commit() },
        Commit { tags: vec![], ..commit() },
        Commit { tags: vec![], shallow: true, ..commit() },
        Commit { pushed: Pushed::Nowhere, ..commit() },
        Commit { pushed: unknown.clone(), ..commit() },
        Commit { tags: vec![], pushed: unknown, ..commit() },
    ];
    let all = table.iter().map(said).collect::<Vec<_>>().join("\n\n");
    insta::assert_snapshot!(all, @r"
    refused: 1 file is not as committed: M mix.exs -> commit them, or add them to .gitignore

    refused: 1 file is not as committed: ?? secret.pipeline/ -> commit them, or add them to .gitignore

    refused: 7 files are not as committed: M lib/0.ex, M lib/1.ex, M lib/2.ex, M lib/3.ex, M lib/4.ex, … -> commit them, or add them to .gitignore

    refused: 4f1c2ab0 is not on main or release/*: it is on fix/cart -> merge it, then `git checkout main`; or `git fetch`, if it is there by now

    refused: 4f1c2ab0 is not on main or release/*: it is on none -> merge it, then `git checkout main`; or `git fetch`, if it is there by now

    inconclusive: 4f1c2ab0 is not on main or release/*: it is on none as far as it was fetched -> fetch all of it: `git fetch --unshallow --tags`; in GitHub Actions, `fetch-depth: 0` of actions/checkout

    refused: 4f1c2ab0 has no tag v*: it has nightly -> `git tag -a v1.2.3`, then `git push origin v1.2.3`

    refused: 4f1c2ab0 has no tag v*: it has none -> `git tag -a v1.2.3`, then `git push origin v1.2.3`

    inconclusive: 4f1c2ab0 has no tag v*: it has none as far as they were fetched -> fetch all of it: `git fetch --unshallow --tags`; in GitHub Actions, `fetch-depth: 0` of actions/checkout

    refused: 4f1c2ab0 is on no branch of origin: nobody else has it -> `git push origin HEAD`

    inconclusive: nobody can tell whether origin has 4f1c2ab0: it does not answer -> try again

    refused: 4f1c2ab0 has no tag v*: it has none -> `git tag -a v1.2.3`, then `git push origin v1.2.3`
    refused: nobody can tell whether origin has 4f1c2ab0: it does not answer -> try again
    ");
}

#[test]
fn a_branch_of_a_pattern_will_do() {
    let release = Commit { branches: vec!["release/2026/11".into()], ..commit() };
    assert_eq!(judge_tree(&rules(), &release), Report::passed());
    assert!(Pattern::new("a[").unwrap_err().to_string().contains("`a[` is no pattern"));
}
