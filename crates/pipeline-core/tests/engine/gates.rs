//! The gates: side by side, all answers, what is skipped and why.

use std::time::Duration;

use pipeline_core::{Conclusion, Step};
use pipeline_testkit::{Answer, FakeTarget, Heard, ScriptedGate, a_run, permanent};
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
