//! The gates: side by side, all answers, what is skipped and why.

use std::sync::Arc;
use std::time::Duration;

use pipeline_core::{
    Conclusion, Finding, Gate, GateAnswer, Gates, Inputs, Outcome, Report, Step, Trust, gate_fn,
};
use pipeline_testkit::{Answer, FakeTarget, Heard, MemoryCache, ScriptedGate, a_run, permanent};
use tokio::time::Instant;

use crate::{end, to};

#[tokio::test(start_paused = true)]
async fn gates_run_side_by_side_as_far_as_their_weights_allow() {
    let ten = || ScriptedGate::new([Answer::pass().takes(Duration::from_secs(10))]);
    let began = Instant::now();
    let pipeline = to(&FakeTarget::rolling(["v1"]))
        .parallel(3)
        .gate(Step::gate("heavy", ten()).weight(3))
        .gate(Step::gate("light", ten()))
        .gate(Step::gate("middle", ten()).weight(2));
    assert_eq!(end(pipeline, &a_run("v2")).await, Conclusion::Succeeded);
    assert_eq!(began.elapsed(), Duration::from_secs(20));
}

#[tokio::test]
async fn all_gates_are_asked_and_all_failures_told() {
    let heard = Heard::new();
    let pipeline = to(&FakeTarget::rolling(["v1"]))
        .gate(Step::gate("compile", ScriptedGate::new([Answer::refuse("1 warning")])))
        .gate(Step::gate("test", ScriptedGate::new([])).needs(&["compile"]))
        .gate(Step::gate("credo", ScriptedGate::new([Answer::fault(permanent("no mix"))])))
        .gate(Step::gate("doctrine", ScriptedGate::new([Answer::inconclusive("no git")])));
    let end = end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!(end, Conclusion::Rejected);
    insta::assert_snapshot!(heard.text(), @r"
    run started: v2 to fake:shop
    validate began
      compile began
      compile: refused, 1 warning
      credo began
      credo: fault, no mix
      doctrine began
      doctrine: inconclusive, no git
      test skipped: it needs `compile`
    validate ended: refused
    failed: compile (refused: 1 warning)
    failed: credo (no mix)
    failed: doctrine (inconclusive: no git)
    run finished: Rejected
    ");
}

#[tokio::test(start_paused = true)]
async fn fail_fast_stops_the_others_at_once() {
    let (heard, began) = (Heard::new(), Instant::now());
    let pipeline = to(&FakeTarget::rolling(["v1"]))
        .fail_fast(true)
        .parallel(2)
        .gate(Step::gate("format", ScriptedGate::new([Answer::refuse("2 files")])))
        .gate(Step::gate("dialyzer", ScriptedGate::new([Answer::hang()])))
        .gate(Step::gate("test", ScriptedGate::new([])));
    let end = end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!((end, began.elapsed()), (Conclusion::Rejected, Duration::ZERO));
    insta::assert_snapshot!(heard.text(), @r"
    run started: v2 to fake:shop
    validate began
      format began
      format: refused, 2 files
      dialyzer began
      dialyzer: fault, stopped on request
      test skipped: the run stopped before
    validate ended: refused
    failed: format (refused: 2 files)
    run finished: Rejected
    ");
}

#[tokio::test]
async fn an_optional_gate_is_told_and_blocks_nothing() {
    let heard = Heard::new();
    let pipeline = to(&FakeTarget::rolling(["v1"]))
        .gate(Step::gate("audit", ScriptedGate::new([Answer::refuse("1 advisory")])).optional())
        .gate(Step::gate("test", ScriptedGate::new([Answer::pass()])).needs(&["audit"]));
    let end = end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!(end, Conclusion::Succeeded);
    assert!(heard.lines().contains(&"  audit (optional): refused, 1 advisory".into()));
    assert!(heard.lines().contains(&"validate ended: alert".into()));
}

#[tokio::test(start_paused = true)]
async fn gates_that_want_the_same_build_folder_take_turns_in_the_order_they_were_given() {
    let ten = || ScriptedGate::new([Answer::pass().takes(Duration::from_secs(10))]);
    let gate = |name: &str| Step::gate(name, ten()).exclusive(&["build:dev"]);
    let (began, heard) = (Instant::now(), Heard::new());
    let pipeline = to(&FakeTarget::rolling(["v1"]))
        .gate(gate("credo").after(&["compile", "unknown"]))
        .gate(gate("compile"))
        .gate(Step::gate("test", ten()));
    let end = end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!((end, began.elapsed()), (Conclusion::Succeeded, Duration::from_secs(20)));
    let begins: Vec<_> = heard.lines().into_iter().filter(|it| it.starts_with("  ")).collect();
    assert_eq!(begins[..2], ["  compile began", "  test began"]);
}

fn reading(answer: Answer<pipeline_core::Report>, complete: bool) -> ScriptedGate {
    ScriptedGate::new([answer]).reads(Inputs { complete, ..Inputs::default() })
}

fn three() -> [(&'static str, ScriptedGate); 3] {
    [
        ("format", reading(Answer::pass(), true)),
        ("compile", reading(Answer::refuse("1 warning"), false)),
        ("unread", ScriptedGate::always(Answer::pass())),
    ]
}

fn remembering(
    gates: [(&str, impl Gate + 'static); 3],
    cache: &MemoryCache,
    trust: Trust,
) -> Gates {
    let builder = Gates::builder().cache(Arc::new(cache.clone()), trust);
    let add =
        |builder: pipeline_core::GatesBuilder, (name, gate)| builder.gate(Step::gate(name, gate));
    gates.into_iter().fold(builder, add).build().expect("the names differ")
}

#[tokio::test]
async fn an_answer_is_remembered_with_its_findings_and_only_where_it_is_known_what_the_gate_reads()
{
    let (cache, heard) = (MemoryCache::new(), Heard::new());
    let gates = remembering(three(), &cache, Trust::All);
    let first = gates.check(&a_run("v2")).await;
    assert!(first.iter().all(|it| !it.cached));
    let again = gates.check(&a_run("v2").events(heard.events())).await;
    assert_eq!(again.iter().map(|it| it.cached).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(again[1].outcome, first[1].outcome);
    insta::assert_snapshot!(heard.text(), @r"
      format (remembered): passed
      compile (remembered): refused, 1 warning
      unread began
      unread: passed
    ");
}

#[tokio::test]
async fn production_believes_only_gates_that_declare_all_they_read() {
    let cache = MemoryCache::new();
    remembering(three(), &cache, Trust::All).check(&a_run("v2")).await;
    let anew = remembering(three(), &cache, Trust::Declared);
    let answers = anew.check(&a_run("v2")).await;
    assert_eq!(answers.iter().map(|it| it.cached).collect::<Vec<_>>(), [true, false, false]);
    let anew = remembering(three(), &cache, Trust::Nothing);
    assert!(anew.check(&a_run("v2")).await.iter().all(|it| !it.cached));
}

#[tokio::test]
async fn what_has_no_answer_is_not_remembered() {
    let cache = MemoryCache::new();
    let faulty = || ("format", reading(Answer::fault(permanent("no mix")), true));
    let [_, compile, unread] = three();
    remembering([faulty(), compile, unread], &cache, Trust::All).check(&a_run("v2")).await;
    assert_eq!(cache.gates(), ["compile", "unread"]);
}

#[tokio::test]
async fn a_gate_hears_how_it_went_last_time() {
    let (cache, heard) = (MemoryCache::new(), Heard::new());
    let told = || {
        pipeline_core::gate_fn(|cx| async move {
            let earlier = cx.earlier().and_then(|it| it.numbers.get("tests").copied());
            cx.note(format_args!("last time: {earlier:?}"));
            Ok(pipeline_core::Report::passed().number("tests", 40.0))
        })
    };
    let gates = remembering([("a", told()), ("b", told()), ("c", told())], &cache, Trust::All);
    gates.check(&a_run("v2")).await;
    gates.check(&a_run("v2").events(heard.events())).await;
    assert_eq!(heard.notes(), ["last time: Some(40.0)"; 3]);
}

/// A gate that refuses with what it hears of others, so that the test can read it.
fn listener() -> impl Gate {
    gate_fn(|cx| async move {
        let word = |outcome: &Outcome| match outcome {
            Ok(report) => format!("{:?} {:?}", report.verdict(), report.numbers()),
            Err(fault) => format!("fault, {fault}"),
        };
        let heard = cx.answers().iter().map(|(gate, it)| format!("{gate}: {}", word(it)));
        Ok(Report::refused(Finding::note(heard.collect::<Vec<_>>().join("\n"))))
    })
}

/// What it heard.
fn heard_by(answers: &[GateAnswer], gate: &str) -> String {
    let answer = answers.iter().find(|it| it.name == gate).expect("it is among them");
    let outcome = answer.outcome.as_ref().expect("it was asked");
    outcome.as_ref().expect("it answers").findings()[0].message.clone()
}

#[tokio::test]
async fn a_gate_hears_what_those_said_that_it_waits_for_and_nothing_else() {
    let covered = Report::passed().number("coverage", 91.5);
    let gates = Gates::builder()
        .gate(
            Step::gate("score", listener())
                .needs(&["compile"])
                .after(&["test", "credo", "none", "lost"]),
        )
        .gate(Step::gate("compile", ScriptedGate::new([Answer::pass()])))
        .gate(Step::gate("test", gate_fn(move |_| std::future::ready(Ok(covered.clone())))))
        .gate(Step::gate("credo", ScriptedGate::new([Answer::fault(permanent("no mix"))])))
        .gate(Step::gate("lost", ScriptedGate::new([])).needs(&["credo"]))
        .gate(Step::gate("other", ScriptedGate::new([Answer::pass()])))
        .gate(Step::gate("alone", listener()));
    let answers = gates.build().expect("the names differ").check(&a_run("v2")).await;
    insta::assert_snapshot!(heard_by(&answers, "score"), @r#"
    compile: Passed {}
    credo: fault, no mix
    test: Passed {"coverage": 91.5}
    "#);
    assert_eq!(heard_by(&answers, "alone"), "");
}

#[tokio::test]
async fn a_gate_hears_remembered_answers_as_well() {
    let cache = MemoryCache::new();
    let gates = || {
        let read = reading(Answer::refuse("1 warning"), true);
        let builder = Gates::builder().cache(Arc::new(cache.clone()), Trust::All);
        let builder = builder.gate(Step::gate("compile", read));
        builder
            .gate(Step::gate("score", listener()).after(&["compile"]))
            .build()
            .expect("the names differ")
    };
    for cached in [false, true] {
        let answers = gates().check(&a_run("v2")).await;
        assert_eq!(answers[0].cached, cached);
        assert_eq!(heard_by(&answers, "score"), "compile: Refused {}");
    }
}
