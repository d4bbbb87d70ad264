use std::sync::Arc;

use pipeline_core::{Finding, Outcome};
use pipeline_testkit::permanent;
use proptest::prelude::*;

use super::*;

fn numbered(report: Report, numbers: &[(&str, f64)]) -> Report {
    numbers.iter().fold(report, |report, (name, value)| report.number(*name, *value))
}

#[expect(clippy::unnecessary_wraps, reason = "a gate that has no answer is told by the same type")]
fn passed(numbers: &[(&str, f64)]) -> Outcome {
    Ok(numbered(Report::passed(), numbers))
}

#[expect(clippy::unnecessary_wraps, reason = "a gate that has no answer is told by the same type")]
fn refused(numbers: &[(&str, f64)]) -> Outcome {
    Ok(numbered(Report::refused(Finding::error("no")), numbers))
}

fn answers(all: Vec<(&str, Outcome)>) -> Answers {
    all.into_iter().map(|(gate, it)| (gate.to_owned(), Arc::new(it))).collect()
}

/// The component in what these gates said, as text.
fn told(component: Component, all: Vec<(&str, Outcome)>) -> String {
    let measured = of_answers(&answers(all));
    let it = measured.iter().find(|it| it.component == component).unwrap();
    match it.value {
        Some(value) => format!("{value:.1}: {}", it.how),
        None => format!("-: {}", it.how),
    }
}

#[test]
fn compilation_is_clean_or_warns_or_fails() {
    let told = |outcome| told(Component::Compilation, vec![("compile", outcome)]);
    let counts = |warnings, errors| [("warnings", warnings), ("errors", errors)];
    assert_eq!(told(passed(&counts(0.0, 0.0))), "100.0: compiles without warnings");
    let aside = numbered(Report::alert(Finding::warning("of mix.exs")), &counts(0.0, 0.0));
    assert_eq!(told(Ok(aside)), "100.0: compiles without warnings");
    assert_eq!(told(refused(&counts(2.0, 0.0))), "50.0: compiles with warnings");
    // Mix may refuse without repeating the warnings.
    assert_eq!(told(refused(&counts(0.0, 0.0))), "50.0: compiles with warnings");
    assert_eq!(told(refused(&counts(2.0, 1.0))), "0.0: does not compile");
    assert_eq!(told(Err(permanent("no mix"))), "-: the gate compile could not tell: no mix");
    let none = super::tests::told(Component::Compilation, Vec::new());
    assert_eq!(none, "-: the gate compile did not run");
}

#[test]
fn coverage_is_what_the_tests_reach_or_else_how_many_modules_have_some() {
    let doctrine = || ("doctrine", passed(&[("tach_ratio", 0.75)]));
    let with = |outcome| told(Component::Coverage, vec![("test", outcome), doctrine()]);
    assert_eq!(with(passed(&[("coverage", 91.5)])), "91.5: lines that mix test --cover reached");
    assert_eq!(with(refused(&[("coverage", 40.0)])), "40.0: lines that mix test --cover reached");
    assert_eq!(
        with(passed(&[("tests", 3.0)])),
        "75.0: modules with a test file, because the tests measure no coverage"
    );
    // Tests that could not run say nothing good.
    assert_eq!(with(refused(&[("tests", 0.0)])), "-: the tests came to no coverage");
    assert_eq!(with(Err(permanent("no mix"))), "-: the gate test could not tell: no mix");
    assert_eq!(
        told(Component::Coverage, vec![doctrine()]),
        "75.0: modules with a test file, because the gate test did not run"
    );
    assert_eq!(told(Component::Coverage, Vec::new()), "-: the gate test did not run");
    let silent = vec![("test", passed(&[]))];
    assert_eq!(told(Component::Coverage, silent), "-: the tests measure no coverage");
}

#[test]
fn the_doctrine_counts_pillars() {
    let told = |outcome| told(Component::Doctrine, vec![("doctrine", outcome)]);
    let counts = |passed, evaluated| [("pillars_passed", passed), ("pillars_evaluated", evaluated)];
    assert_eq!(told(refused(&counts(12.0, 16.0))), "75.0: 12 of 16 pillars kept");
    assert_eq!(told(passed(&counts(0.0, 0.0))), "-: the gate doctrine looked at no pillar");
    assert_eq!(
        told(passed(&counts(1.0, 1.0)[..1])),
        "-: the gate doctrine does not say pillars evaluated"
    );
    assert_eq!(told(Err(permanent("no git"))), "-: the gate doctrine could not tell: no git");
}

const CLEAN: [(&str, f64); 6] = [
    ("critical", 0.0),
    ("high", 0.0),
    ("medium", 0.0),
    ("low", 0.0),
    ("retired", 0.0),
    ("outdated_majors", 0.0),
];

/// A clean answer but for these.
fn scan(but: &[(&str, f64)]) -> Outcome {
    passed(
        &CLEAN
            .map(|(name, it)| (name, but.iter().find(|(of, _)| *of == name).map_or(it, |it| it.1))),
    )
}

#[test]
fn dependencies_lose_by_advisories_retirement_and_age() {
    let told = |outcome| told(Component::Dependencies, vec![("security", outcome)]);
    for (but, told_as) in [
        (&[][..], "100.0: no advisories, 0 retired, 0 a major version behind"),
        (&[("low", 1.0)], "90.0: 1 advisory, 0 retired, 0 a major version behind"),
        (
            &[("medium", 2.0), ("low", 1.0), ("retired", 2.0), ("outdated_majors", 7.0)],
            "53.0: 3 advisories, 2 retired, 7 a major version behind",
        ),
        (&[("medium", 12.0)], "0.0: 12 advisories, 0 retired, 0 a major version behind"),
        (&[("high", 1.0)], "0.0: 1 critical or high advisory"),
        (&[("critical", 2.0), ("low", 3.0)], "0.0: 2 critical or high advisories"),
    ] {
        assert_eq!(told(scan(but)), told_as);
    }
    assert_eq!(told(passed(&CLEAN[..4])), "100.0: no advisories, retired packages unknown");
    assert_eq!(told(passed(&CLEAN[..3])), "-: the gate security does not say low");
}

#[test]
fn security_is_half_the_pillar_and_half_the_advisories() {
    let both = |seal: f64, but: &[(&str, f64)]| {
        let doctrine = ("doctrine", passed(&[("seal_passed", seal)]));
        told(Component::Security, vec![doctrine, ("security", scan(but))])
    };
    assert_eq!(both(1.0, &[]), "100.0: pillar SEAL kept, no advisories");
    assert_eq!(both(1.0, &[("low", 1.0)]), "75.0: pillar SEAL kept, 1 advisory");
    assert_eq!(both(1.0, &[("high", 1.0)]), "50.0: pillar SEAL kept, 1 advisory");
    assert_eq!(both(0.0, &[]), "50.0: pillar SEAL not kept, no advisories");
    assert_eq!(both(0.0, &[("medium", 2.0)]), "25.0: pillar SEAL not kept, 2 advisories");
    assert_eq!(both(0.0, &[("critical", 1.0)]), "0.0: pillar SEAL not kept, 1 advisory");
    let half = vec![("security", scan(&[]))];
    assert_eq!(told(Component::Security, half), "-: the gate doctrine did not run");
    let half = vec![("doctrine", passed(&[("seal_passed", 1.0)]))];
    assert_eq!(told(Component::Security, half), "-: the gate security did not run");
}

#[test]
fn quality_loses_by_what_credo_objects_to() {
    let told = |outcome| told(Component::Quality, vec![("credo", outcome)]);
    let counts = |issues, warnings| [("issues", issues), ("issues/warning", warnings)];
    assert_eq!(told(passed(&counts(0.0, 0.0))), "100.0: no issues of Credo, 0 of them warnings");
    assert_eq!(told(refused(&counts(12.0, 2.0))), "80.0: 12 issues of Credo, 2 of them warnings");
    assert_eq!(told(refused(&counts(500.0, 2.0))), "0.0: 500 issues of Credo, 2 of them warnings");
    let some_files = refused(&counts(12.0, 2.0)[..1]);
    assert_eq!(told(some_files), "-: the gate credo does not say issues/warning");
}

proptest! {
    #[test]
    fn whatever_gates_say_is_between_0_and_100(
        numbers in prop::collection::vec(-1e12..1e12f64, 14),
        verdict in 0..3u8,
    ) {
        let names = ["warnings", "errors", "coverage", "pillars_passed", "pillars_evaluated", "tach_ratio", "seal_passed",
            "critical", "high", "medium", "low", "retired", "issues", "issues/warning"];
        let numbers: Vec<_> = names.into_iter().zip(numbers).collect();
        let outcome = |_| match verdict {
            0 => passed(&numbers),
            1 => refused(&numbers),
            _ => Err(permanent("no")),
        };
        let all = ["compile", "test", "doctrine", "security", "credo"].map(|gate| (gate, outcome(gate)));
        for it in of_answers(&answers(all.into())) {
            prop_assert!(it.value.is_none_or(|it| (0.0..=100.0).contains(&it)), "{it:?}");
        }
    }
}
