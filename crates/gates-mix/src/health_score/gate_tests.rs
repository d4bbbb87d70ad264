use std::sync::Arc;

use pipeline_core::{Gates, Step, Verdict, gate_fn};
use pipeline_testkit::a_run;

use super::*;
use crate::testing::told_as_text;

fn score_of(values: [Option<f64>; 6], unmeasured: Unmeasured) -> Score {
    let of = |(component, value): (Component, Option<f64>)| match value {
        Some(value) => Measured::value(component, value, "as measured"),
        None => Measured::unknown(component, "the gate did not run"),
    };
    let measured: Vec<_> = Component::ALL.into_iter().zip(values).map(of).collect();
    score(&Weights::default(), &measured, unmeasured)
}

fn told(values: [Option<f64>; 6], unmeasured: Unmeasured) -> String {
    told_as_text(Ok(report(&score_of(values, unmeasured), 80.0)))
}

#[test]
fn too_low_a_score_is_one_finding_that_says_where_to_begin() {
    let values = [Some(100.0), Some(50.0), None, Some(100.0), Some(60.0), Some(100.0)];
    insta::assert_snapshot!(told(values, Unmeasured::CountsZero), @r"
    Refused compilation=100 coverage=50 dependencies=100 documentation=60 score=66 security=100
      - health-score: the health score is 66.0 (D), the limit is 80.0; most is to gain from doctrine (+20.0) and coverage (+10.0); not measured, and counted as 0: doctrine -> begin with doctrine: the gate did not run
    ");
}

#[test]
fn enough_passes_and_what_is_not_known_is_told() {
    insta::assert_snapshot!(told([Some(80.0); 6], Unmeasured::CountsZero), @"  Passed compilation=80 coverage=80 dependencies=80 doctrine=80 documentation=80 score=80 security=80");
    let values = [Some(100.0), Some(100.0), Some(100.0), Some(100.0), None, Some(100.0)];
    insta::assert_snapshot!(told(values, Unmeasured::CountsZero), @r"
    Alert compilation=100 coverage=100 dependencies=100 doctrine=100 score=90 security=100
      - health-score/unmeasured (advisory): the health score knows only a part: not measured, and counted as 0: documentation -> `pipeline score` says why of each
    ");
    insta::assert_snapshot!(told(values, Unmeasured::Dropped), @r"
    Alert compilation=100 coverage=100 dependencies=100 doctrine=100 score=100 security=100
      - health-score/unmeasured (advisory): the health score knows only a part: not measured, and counted as nothing: documentation -> `pipeline score` says why of each
    ");
}

#[test]
fn a_score_of_nothing_is_no_score() {
    insta::assert_snapshot!(told([None; 6], Unmeasured::Dropped), @r"
    Inconclusive score=0
      - health-score: no component of the score could be measured -> run it after the gates that measure them: `pipeline score`
    ");
    let zero = report(&score_of([None; 6], Unmeasured::CountsZero), 80.0);
    assert_eq!(zero.verdict(), Verdict::Refused);
}

#[test]
fn a_number_of_the_projects_own_is_judged_like_ours() {
    insta::assert_snapshot!(told_as_text(Ok(report(&Score::given(79.9), 80.0))), @r"
    Refused score=79.9
      - health-score: the health score is 79.9 (C), the limit is 80.0 -> run `mix health.score` and look at it
    ");
    assert_eq!(report(&Score::given(80.0), 80.0).verdict(), Verdict::Passed);
}

/// A project that is not there: nothing is compiled, so nothing is documented.
#[tokio::test]
async fn the_gate_hears_the_gates_it_comes_after() {
    let dir = tempfile::tempdir().unwrap();
    let clean = Report::passed().number("warnings", 0.0).number("errors", 0.0);
    let tested = Report::passed().number("coverage", 90.0);
    let gate = HealthScore::new(MixProject::at(dir.path()))
        .weights(Profile::Fitness.into())
        .given(Measured::value(Component::Performance, 50.0, "said so"));
    let gates = Gates::builder()
        .gate(Step::gate("health-score", gate).after(&HEARD))
        .gate(Step::gate("compile", gate_fn(move |_| std::future::ready(Ok(clean.clone())))))
        .gate(Step::gate("test", gate_fn(move |_| std::future::ready(Ok(tested.clone())))))
        .cache(Arc::new(pipeline_testkit::MemoryCache::new()), pipeline_core::Trust::All)
        .build()
        .unwrap();
    let answers = gates.check(&a_run("v2")).await;
    let report = answers[0].outcome.clone().unwrap().unwrap();
    insta::assert_snapshot!(told_as_text(Ok(report.clone())), @r"
    Refused compilation=100 coverage=90 performance=50 score=45.5
      - health-score: the health score is 45.5 (F), the limit is 80.0; most is to gain from doctrine (+20.0) and documentation (+15.0); not measured, and counted as 0: doctrine, dependencies, documentation -> begin with doctrine: the gate doctrine did not run
    ");
    let table = report.all_evidence().iter().find(|it| it.name == "score").unwrap();
    assert_eq!(table.value["components"].as_array().unwrap().len(), 6);
}
