//! The fakes are stricter than the real things.

use std::time::Duration;

use pipeline_core::{
    Artifact, Cancel, CancelSource, Conclusion, Context, Deployer, Fault, Finding, Gate, Journal,
    Phase, Pipeline, Record, Release, Report, Run, RunId, Snapshot, Stage, Step, Verdict,
};
use pipeline_testkit::*;
use serde_json::json;
use tokio::time::Instant;

fn cx(cancel: Cancel) -> Context {
    a_run("v2").cancel(cancel).context(Phase::Validate, "test")
}

#[tokio::test]
#[should_panic(expected = "the scripted gate `test` was called for the 2. time")]
async fn a_call_too_many_fails_the_test() {
    let gate = ScriptedGate::new([Answer::pass()]);
    let cx = cx(Cancel::never());
    let _ = gate.check(&cx).await;
    let _ = gate.check(&cx).await;
}

#[tokio::test]
#[should_panic(expected = "1 of its answers were never asked for")]
async fn a_call_too_few_can_fail_the_test_too() {
    let gate = ScriptedGate::new([Answer::pass(), Answer::pass()]);
    let _ = gate.check(&cx(Cancel::never())).await;
    gate.assert_exhausted();
}

#[tokio::test]
async fn answers_come_in_order_and_for_ever_where_asked() {
    let gate = ScriptedGate::new([
        Answer::refuse("1 test failed"),
        Answer::fault(permanent("mix is not installed")),
        Answer::from(Ok(Report::alert(Finding::warning("coverage fell")))),
    ]);
    let cx = cx(Cancel::never());
    assert_eq!(gate.check(&cx).await.unwrap().verdict(), Verdict::Refused);
    assert_eq!(gate.check(&cx).await.unwrap_err().to_string(), "mix is not installed");
    assert_eq!(gate.check(&cx).await.unwrap().verdict(), Verdict::Alert);
    gate.assert_exhausted();
    let always = ScriptedGate::always(Answer::pass());
    for _ in 0..3 {
        assert!(always.check(&cx).await.unwrap().lets_pass());
    }
    assert_eq!(always.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_or_slow_answer_ends_when_asked_to_unless_it_is_deaf() {
    let source = CancelSource::new();
    let cx = cx(source.token());
    let slow = Answer::pass().takes(Duration::from_mins(1));
    let gate = ScriptedGate::new([Answer::hang(), slow.clone(), slow.clone().ignores_cancel()]);
    source.cancel();
    let began = Instant::now();
    assert_eq!(gate.check(&cx).await, Err(Fault::cancelled()));
    assert_eq!(gate.check(&cx).await, Err(Fault::cancelled()));
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(gate.check(&cx).await, Ok(Report::passed()));
    assert_eq!(began.elapsed(), Duration::from_mins(1));
}

#[tokio::test]
async fn a_target_refuses_what_is_not_its_own() {
    let (target, cx) = (FakeTarget::bluegreen(["v1"]), cx(Cancel::never()));
    let foreign = Snapshot { current: None, data: json!({"machines": []}) };
    let message =
        "this snapshot is not one that this target made for this run; hand back what it made";
    assert_eq!(target.restore(&foreign, &cx).await.unwrap_err().message(), message);
    assert_eq!(target.stages(&foreign, &cx).await.unwrap_err().message(), message);

    let other = FakeTarget::bluegreen(["v1"]).named("fake:other");
    let from = other.snapshot(&cx).await.unwrap();
    assert_eq!(target.restore(&from, &cx).await.unwrap_err().message(), message);

    let own = target.snapshot(&cx).await.unwrap();
    let stage = &other.stages(&from, &cx).await.unwrap()[0];
    assert!(target.advance(stage, &own, &cx).await.unwrap_err().message().contains("stage"));
    assert!(target.advance(&Stage::new("green"), &own, &cx).await.is_err());
    assert_eq!(target.effects(), 0);
}

/// The contexts of a run are made by the engine, so order is tested through the engine.
#[tokio::test]
async fn a_target_refuses_to_settle_before_the_switch() {
    let target = FakeTarget::bluegreen(["v1"]);
    let cx = cx(Cancel::never());
    let snapshot = target.snapshot(&cx).await.unwrap();
    let mut stages = target.stages(&snapshot, &cx).await.unwrap();
    stages.remove(1);
    let end = resumed_with(&target, snapshot, stages).await;
    assert_eq!(end, Conclusion::Left);
    assert_eq!(target.history(), ["create a machine with v2"]);
}

#[tokio::test]
async fn a_target_refuses_to_switch_before_green() {
    let target = FakeTarget::bluegreen(["v1"]);
    let cx = cx(Cancel::never());
    let snapshot = target.snapshot(&cx).await.unwrap();
    let mut stages = target.stages(&snapshot, &cx).await.unwrap();
    stages.remove(0);
    let end = resumed_with(&target, snapshot, stages).await;
    assert_eq!(end, Conclusion::RolledBack);
    assert_eq!(target.effects(), 0);
}

async fn resumed_with(target: &FakeTarget, snapshot: Snapshot, stages: Vec<Stage>) -> Conclusion {
    let records = [
        Record::GatesPassed,
        Record::Built { artifact: Artifact::new("v2") },
        Record::SnapshotTaken {
            target: target.target().into(),
            snapshot,
            stages,
            baselines: [].into(),
        },
    ];
    let pipeline = Pipeline::to(Step::deployer(target.clone())).build().expect("the names differ");
    pipeline
        .resume(&a_run("v2"), &records, &mut MemoryJournal::with(records.clone()))
        .await
        .expect("the records can follow each other")
}

#[tokio::test]
async fn a_target_cannot_bring_back_what_it_destroyed() {
    let target = FakeTarget::bluegreen(["v1"]);
    let cx = cx(Cancel::never());
    let before = target.snapshot(&cx).await.unwrap();
    let pipeline = Pipeline::to(Step::deployer(target.clone())).build().unwrap();
    pipeline.run(&a_run("v2"), &mut MemoryJournal::new()).await.unwrap();
    let fault = target.restore(&before, &cx).await.unwrap_err();
    assert_eq!(fault.message(), "the machine m1 is gone and cannot be made what it was");
}

#[tokio::test]
async fn an_effect_that_fails_once_works_the_second_time() {
    let target = FakeTarget::rolling(["v1", "v1"]).failing_at(2, transient("429"));
    let limits = pipeline_core::Limits::once().attempts(2.try_into().unwrap());
    let pipeline = Pipeline::to(Step::deployer(target.clone()).limits(limits)).build().unwrap();
    let end = pipeline.run(&a_run("v2"), &mut MemoryJournal::new()).await;
    assert_eq!(end, Ok(Conclusion::Succeeded));
    assert_eq!(target.history(), ["put v2 on m1", "put v2 on m2"]);
    assert_eq!(target.finished(), 1);
}

#[tokio::test]
async fn a_journal_fails_or_dies_where_it_was_told_to() {
    let mut failing = MemoryJournal::new().failing_at(2, permanent("disk full"));
    assert_eq!(failing.append(&Record::GatesPassed).await, Ok(()));
    assert!(failing.append(&Record::StageVerified).await.is_err());
    assert_eq!(failing.records(), [Record::GatesPassed]);

    let mut before = MemoryJournal::new().dying_before(1);
    let death = before.death();
    assert!(unless_dead(before.append(&Record::GatesPassed), &death).await.is_none());
    assert!(death.came() && before.records().is_empty());

    let mut after = MemoryJournal::new().dying_after(1);
    let death = after.death();
    assert!(unless_dead(after.append(&Record::GatesPassed), &death).await.is_none());
    assert_eq!(after.revived().records(), [Record::GatesPassed]);
}

#[tokio::test]
async fn a_first_deploy_creates_what_is_missing_and_back_means_gone() {
    let target = FakeTarget::rolling([] as [&str; 0]);
    let refused = ScriptedVerifier::new([Answer::refuse("500")]);
    let pipeline = Pipeline::to(Step::deployer(target.clone()))
        .verifier(Step::verifier("smoke", refused.clone()))
        .build()
        .unwrap();
    let run = Run::new(RunId::new("first"), Release::new("v1"), ".");
    assert_eq!(pipeline.run(&run, &mut MemoryJournal::new()).await, Ok(Conclusion::RolledBack));
    assert_eq!(target.history(), ["create a machine with v1", "destroy m1"]);
    refused.assert_exhausted();
}
