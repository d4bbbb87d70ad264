//! Tries, waits, time-outs and grace, by the paused clock.

use std::time::Duration;

use pipeline_core::{Fault, Limits, Step, Verdict};
use pipeline_testkit::{Answer, FakeTarget, Heard, ScriptedGate, a_run, permanent, transient};
use tokio::time::Instant;

use crate::{built, end, to};

pub(crate) fn tries(attempts: u32) -> Limits {
    Limits::once().attempts(attempts.try_into().expect("it is tried at least once"))
}

#[tokio::test(start_paused = true)]
async fn only_transient_faults_are_tried_again_with_growing_waits() {
    let (heard, began) = (Heard::new(), Instant::now());
    let busy = || Answer::fault(transient("429"));
    let gate = ScriptedGate::new([busy(), busy(), Answer::pass()]);
    let broken = ScriptedGate::new([Answer::fault(permanent("no mix"))]);
    let pipeline = to(&FakeTarget::rolling(["v1"]))
        .gate(Step::gate("audit", gate.clone()).limits(tries(3)))
        .gate(Step::gate("test", broken.clone()).limits(tries(3)));
    end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!((gate.calls(), broken.calls()), (3, 1));
    assert_eq!(began.elapsed(), Duration::from_millis(500 + 1_000));
    let retries: Vec<_> = heard.lines().into_iter().filter(|it| it.contains("again")).collect();
    assert_eq!(
        retries,
        [
            "  audit: try 1 failed, 429; again after 500 ms",
            "  audit: try 2 failed, 429; again after 1000 ms",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_stays_transient_is_given_up_after_the_last_try() {
    let gate =
        ScriptedGate::new([Answer::fault(transient("429")), Answer::fault(transient("503"))]);
    let pipeline =
        built(to(&FakeTarget::rolling(["v1"])).gate(Step::gate("audit", gate).limits(tries(2))));
    let answers = pipeline.gates().check(&a_run("v2")).await;
    assert_eq!(answers[0].outcome, Some(Err(transient("503"))));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_hangs_is_asked_to_stop_and_then_dropped() {
    let limits = Limits::once().timeout(Duration::from_mins(1)).grace(Duration::from_secs(5));
    let hangs = || Answer::hang();
    for (gate, took) in [(hangs(), 60), (hangs().ignores_cancel(), 65)] {
        let began = Instant::now();
        let step = Step::gate("test", ScriptedGate::new([gate])).limits(limits.clone());
        let pipeline = built(to(&FakeTarget::rolling(["v1"])).gate(step));
        let answers = pipeline.gates().check(&a_run("v2")).await;
        assert_eq!(answers[0].outcome, Some(Err(Fault::timed_out(limits.timeout))));
        assert_eq!(began.elapsed(), Duration::from_secs(took));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_within_the_grace_counts() {
    let limits = Limits::once().timeout(Duration::from_mins(1)).grace(Duration::from_secs(5));
    let late = Answer::refuse("1 test failed").takes(Duration::from_secs(62)).ignores_cancel();
    let step = Step::gate("test", ScriptedGate::new([late])).limits(limits);
    let pipeline = built(to(&FakeTarget::rolling(["v1"])).gate(step));
    let answers = pipeline.gates().check(&a_run("v2")).await;
    assert!(
        matches!(&answers[0].outcome, Some(Ok(report)) if report.verdict() == Verdict::Refused)
    );
}
