//! What a journal does for a run: it stops without one, and goes on from one.

use pipeline_core::{Conclusion, Evidence, Record, RunError, Step};
use pipeline_testkit::{
    Answer, FakeTarget, MemoryJournal, ScriptedGate, ScriptedVerifier, a_run, permanent,
};

use crate::{built, passing, to};

#[tokio::test]
async fn where_a_fact_cannot_be_kept_nothing_more_is_done() {
    // Records: gates, built, snapshot, reached, verified, reached, verified, settled.
    let effects_after = [0, 0, 0, 1, 1, 3, 3, 4];
    for (n, effects) in (1..).zip(effects_after) {
        let target = FakeTarget::bluegreen(["v1"]);
        let pipeline = built(to(&target).verifier(Step::verifier("smoke", passing())));
        let mut journal = MemoryJournal::new().failing_at(n, permanent("disk full"));
        let error = pipeline.run(&a_run("v2"), &mut journal).await.unwrap_err();
        assert_eq!(error, RunError::Journal(permanent("disk full")));
        assert_eq!((target.effects(), target.finished()), (effects, 1), "record {n}");
        assert_eq!(journal.records().len(), n - 1);
    }
}

#[tokio::test]
async fn a_resumed_run_asks_the_gates_again_only_before_anything_was_touched() {
    let gate = ScriptedGate::new([Answer::refuse("1 test failed")]);
    let target = FakeTarget::rolling(["v1"]);
    let pipeline = built(to(&target).gate(Step::gate("test", gate.clone())));
    let mut journal = MemoryJournal::with([Record::GatesPassed]);
    let records = journal.records();
    let end = pipeline.resume(&a_run("v2"), &records, &mut journal).await;
    assert_eq!(end, Ok(Conclusion::Rejected));
    gate.assert_exhausted();
}

#[tokio::test]
async fn the_baselines_of_a_resumed_run_are_those_of_the_journal() {
    let target = FakeTarget::rolling(["v1"]);
    let baseline = Evidence::new("latency_ms", 12);
    let first = passing().baselines([Answer::value(Some(baseline.clone()))]);
    let mut journal = MemoryJournal::new().failing_at(4, permanent("disk full"));
    let pipeline = built(to(&target).verifier(Step::verifier("slow", first)));
    pipeline.run(&a_run("v2"), &mut journal).await.unwrap_err();

    let second = ScriptedVerifier::new([Answer::pass()]).baselines([]);
    let pipeline = built(to(&target).verifier(Step::verifier("slow", second.clone())));
    let end = pipeline.resume(&a_run("v2"), &journal.records(), &mut journal.revived()).await;
    assert_eq!(end, Ok(Conclusion::Succeeded));
    assert_eq!(second.asked()[0].1, Some(baseline));
}
