//! A run that is asked to stop, at any point.

use std::sync::Arc;
use std::time::Duration;

use pipeline_core::{CancelSource, Conclusion, Event, Events, Run, Step};
use pipeline_testkit::{
    Answer, FakeTarget, Heard, MemoryJournal, ScriptedBuilder, ScriptedGate, ScriptedVerifier,
    StoppedClock, a_run, transient,
};
use tokio::time::{Instant, timeout};

use crate::limits::tries;
use crate::{built, end, to};

/// A run that is asked to stop as soon as somebody hears this line.
fn stopped_at(line: &'static str) -> (Run, Heard) {
    let (source, heard) = (Arc::new(CancelSource::new()), Heard::new());
    let run = a_run("v2").cancel(source.token());
    let listening = heard.clone();
    let stop = move |_: &Event| {
        if listening.lines().last().is_some_and(|it| it == line) {
            source.cancel();
        }
    };
    let events = Events::new(StoppedClock::new(), vec![heard.observer(), Box::new(stop)]);
    (run.events(events), heard)
}

#[tokio::test(start_paused = true)]
async fn interrupted_at_any_point_it_ends_wholly_old_or_wholly_new() {
    let ends = [
        ("  test began", Conclusion::Rejected, "v1"),
        ("  image began", Conclusion::Rejected, "v1"),
        ("build ended: passed", Conclusion::Rejected, "v1"),
        ("  green began", Conclusion::RolledBack, "v1"),
        ("  smoke began", Conclusion::RolledBack, "v1"),
        ("  switch began", Conclusion::RolledBack, "v1"),
        // From here on there is nothing left to stop.
        ("  settle began", Conclusion::Succeeded, "v2"),
    ];
    for (line, wanted, version) in ends {
        let target = FakeTarget::bluegreen(["v1", "v1"]);
        let slow = Duration::from_secs(1);
        let pipeline = to(&target)
            .gate(Step::gate("test", ScriptedGate::new([Answer::pass().takes(slow)])))
            .builder(Step::builder(
                "image",
                ScriptedBuilder::new([Answer::builds("v2").takes(slow)]),
            ))
            .verifier(Step::verifier(
                "smoke",
                ScriptedVerifier::always(Answer::pass().takes(slow)),
            ));
        let (run, heard) = stopped_at(line);
        let ended = end(pipeline, &run).await;
        assert!(heard.lines().contains(&line.to_owned()), "{line} was not heard");
        assert_eq!((ended, target.serving()), (wanted, vec![version.into()]), "{line}");
        assert!(run.cancel.is_cancelled());
    }
}

#[tokio::test(start_paused = true)]
async fn the_way_back_does_not_listen() {
    let target = FakeTarget::rolling(["v1", "v1"]).slow(Duration::from_secs(1));
    let verifier = ScriptedVerifier::new([
        Answer::refuse("500"),
        Answer::pass().takes(Duration::from_secs(9)),
    ]);
    let (run, _) = stopped_at("  restore began");
    let pipeline = to(&target).verifier(Step::verifier("smoke", verifier));
    assert_eq!(end(pipeline, &run).await, Conclusion::RolledBack);
}

#[tokio::test]
async fn a_run_stopped_before_it_started_touches_nothing() {
    let (target, source) = (FakeTarget::rolling(["v1"]), CancelSource::new());
    source.cancel();
    let run = a_run("v2").cancel(source.token());
    assert_eq!(end(to(&target), &run).await, Conclusion::Rejected);
    assert_eq!(target.effects(), 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_next_try_can_be_interrupted() {
    let began = Instant::now();
    let (run, _) = stopped_at("  audit: try 1 failed, 429; again after 500 ms");
    let gate = ScriptedGate::new([Answer::fault(transient("429"))]);
    let pipeline =
        to(&FakeTarget::rolling(["v1"])).gate(Step::gate("audit", gate).limits(tries(3)));
    assert_eq!(end(pipeline, &run).await, Conclusion::Rejected);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_never_ends_can_be_dropped_at_any_time() {
    let target = FakeTarget::rolling(["v1"]);
    let gate = ScriptedGate::new([Answer::hang()]);
    let pipeline = built(to(&target).gate(Step::gate("test", gate)));
    let (run, mut journal) = (a_run("v2"), MemoryJournal::new());
    let limit = Duration::from_secs(1);
    assert!(timeout(limit, pipeline.run(&run, &mut journal)).await.is_err());
    assert_eq!((journal.records(), target.effects()), (vec![], 0));
}
