//! The recorder: events, steps and phases as they are told.

use std::time::{Duration, SystemTime};

use crate::common::{Folder, Now, assert_told, begin, in_memory, on_both};
use pipeline_core::{
    Clock, Conclusion, Event, EventKind, Events, Evidence, Fault, Finding, Observer, Phase,
    PhaseTotal, Report, RunId, Verdict,
};
use store_sql::{Recorder, RunFilter, StoreError};

fn done(step: &str, outcome: pipeline_core::Outcome) -> EventKind {
    let (phase, step) = (Phase::Validate, step.to_owned());
    EventKind::StepDone {
        phase,
        step,
        outcome,
        required: true,
        took_ms: 1500,
        remembered_from: None,
    }
}

fn ended(phase: Phase, verdict: Option<Verdict>, took_ms: u64) -> EventKind {
    EventKind::PhaseEnded { phase, verdict, took_ms }
}

fn finished() -> EventKind {
    EventKind::RunFinished { conclusion: Conclusion::Succeeded }
}

fn listening(recorder: &Recorder) -> Events {
    Events::new(Now::default(), vec![Box::new(recorder.clone())])
}

async fn events_steps_and_phases_are_stored_as_they_were_told(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await.id;
    let recorder = store.recorder(&run);
    let events = listening(&recorder);
    let fault = Fault::permanent(std::io::Error::other("mix is not installed")).hint("install it");
    let kinds = [
        EventKind::PhaseStarted { phase: Phase::Validate },
        done("test", Ok(Report::refused(Finding::error("1 test failed")).number("tests", 40.0))),
        done("credo", Err(fault.clone())),
        ended(Phase::Validate, Some(Verdict::Refused), 3000),
    ];
    for kind in &kinds {
        events.tell(kind.clone());
    }
    recorder.close().await.unwrap();
    let stored = store.events(&run).await.unwrap();
    let at = Now::default().now();
    let told = (1..).zip(kinds).map(|(seq, kind)| Event { seq, at, kind });
    assert_eq!(stored, told.collect::<Vec<_>>());
    let steps = store.steps(&run).await.unwrap();
    let [test, credo] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(
        (test.step.as_str(), test.verdict, &test.fault),
        ("test", Some(Verdict::Refused), &None)
    );
    assert_eq!((credo.verdict, &credo.fault), (None, &Some(fault)));
    assert_eq!((test.took_ms, test.required), (1500, true));
    assert_eq!(SystemTime::try_from(test.started).unwrap(), at - Duration::from_millis(1500));
    let answered = store.outcome(&run, "test").await.unwrap().unwrap().unwrap();
    assert!((answered.numbers()["tests"] - 40.0).abs() < f64::EPSILON);
    assert!(store.outcome(&run, "credo").await.unwrap().unwrap().is_err());
    assert_eq!(store.outcome(&run, "format").await.unwrap(), None);
    let refused = Some(Verdict::Refused);
    let phase = PhaseTotal { phase: Phase::Validate, verdict: refused, took_ms: 3000 };
    assert_eq!(store.phases(&run).await.unwrap(), [phase]);
}

async fn the_passes_of_a_phase_are_summed(folder: Folder) {
    let store = folder.open().await;
    for (verdicts, sum) in [
        (vec![Some(Verdict::Passed), Some(Verdict::Passed)], Some(Verdict::Passed)),
        (vec![Some(Verdict::Alert), Some(Verdict::Passed)], Some(Verdict::Alert)),
        (vec![Some(Verdict::Passed), Some(Verdict::Refused)], Some(Verdict::Refused)),
        (vec![None, Some(Verdict::Passed)], Some(Verdict::Passed)),
        (vec![Some(Verdict::Passed), None], None),
    ] {
        let run = begin(&store).await.id;
        let recorder = store.recorder(&run);
        let events = listening(&recorder);
        for verdict in &verdicts {
            events.tell(ended(Phase::Deploy, Some(Verdict::Passed), 10));
            events.tell(ended(Phase::Verify, *verdict, 500));
        }
        recorder.close().await.unwrap();
        let deploy =
            PhaseTotal { phase: Phase::Deploy, verdict: Some(Verdict::Passed), took_ms: 20 };
        let verify = PhaseTotal { phase: Phase::Verify, verdict: sum, took_ms: 1000 };
        assert_eq!(store.phases(&run).await.unwrap(), [deploy, verify], "{verdicts:?}");
    }
    // The same, for all runs at once.
    let filter = RunFilter { limit: Some(2), before: Some(4), ..RunFilter::default() };
    let history = store.history(&filter).await.unwrap();
    assert_eq!(history.iter().map(|it| it.run.number).collect::<Vec<_>>(), [3, 2]);
    for it in history {
        assert_eq!(it.phases, store.phases(&it.run.id).await.unwrap());
    }
}

async fn the_events_of_a_resumed_run_count_on(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await.id;
    for _ in 0..2 {
        let recorder = store.recorder(&run);
        let events = listening(&recorder);
        events.tell(EventKind::PhaseStarted { phase: Phase::Validate });
        events.tell(finished());
        recorder.close().await.unwrap();
    }
    let numbers: Vec<u64> = store.events(&run).await.unwrap().iter().map(|it| it.seq).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

async fn many_events_are_all_stored_and_none_waits(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await.id;
    let mut recorder = store.recorder(&run);
    for seq in 1..=2000 {
        let kind = EventKind::Progressed { step: "push".into(), done: seq, total: Some(2000) };
        // No `.await` in between, so the writer cannot have made room.
        recorder.observe(&Event { seq, at: SystemTime::UNIX_EPOCH, kind });
    }
    recorder.close().await.unwrap();
    let events = store.events(&run).await.unwrap();
    assert_eq!(events.len(), 2000);
    assert!(events.iter().is_sorted_by_key(|it| it.seq));
    // Page by page they are the same.
    let mut pages = Vec::new();
    loop {
        let after = pages.last().map_or(0, |it: &Event| it.seq);
        let page = store.events_page(&run, after, 300).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 300);
        pages.extend(page);
    }
    assert_eq!(pages, events);
    assert_eq!(store.events_page(&run, 1999, u32::MAX).await.unwrap(), events[1999..]);
}

async fn the_text_of_one_event_is_bounded(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await.id;
    let recorder = store.recorder(&run);
    let long = Evidence::new("output", "x".repeat(1 << 20));
    listening(&recorder).tell(done("test", Ok(Report::passed().evidence(long))));
    recorder.close().await.unwrap();
    let kind = store.events(&run).await.unwrap().remove(0).kind;
    assert!(serde_json::to_string(&kind).unwrap().len() <= 64 * 1024);
    assert_eq!(store.steps(&run).await.unwrap()[0].verdict, Some(Verdict::Passed));
}

async fn what_cannot_be_stored_is_told_at_the_end_and_stops_nobody(folder: Folder) {
    let store = folder.open().await;
    let recorder = store.recorder(&RunId::new("run-9"));
    let events = listening(&recorder);
    events.tell(finished());
    let error = recorder.clone().close().await.unwrap_err();
    assert!(matches!(error, StoreError::Sql { .. }), "{error:?}");
    // Closed is closed: what is told later is not stored, and closing again says nothing new.
    events.tell(finished());
    recorder.close().await.unwrap();
}

async fn an_event_of_a_newer_pipeline_is_named(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await.id;
    let recorder = store.recorder(&run);
    listening(&recorder).tell(finished());
    recorder.close().await.unwrap();
    let newer = "INSERT INTO events SELECT id, 2, started, '{\"event\":\"teleported\"}' FROM runs";
    folder.sql(newer).await;
    let error = store.events(&run).await.unwrap_err().to_string().replace(run.as_str(), "[RUN]");
    assert_told!(error, @"event 2 of the run `[RUN]` cannot be read; was it made by a newer pipeline?");
}

#[tokio::test]
async fn a_recorder_that_is_dropped_stops() {
    let store = in_memory().await;
    let run = begin(&store).await.id;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let settled = async |count: usize| {
        for _ in 0..10_000 {
            if tasks() == count {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        false
    };
    assert!(settled(0).await);
    let recorder = store.recorder(&run);
    let observer = recorder.clone();
    drop(recorder);
    assert!(settled(1).await && tasks() == 1);
    drop(observer);
    assert!(settled(0).await, "{} tasks", tasks());
}

on_both!(
    events_steps_and_phases_are_stored_as_they_were_told,
    the_passes_of_a_phase_are_summed,
    the_events_of_a_resumed_run_count_on,
    many_events_are_all_stored_and_none_waits,
    the_text_of_one_event_is_bounded,
    what_cannot_be_stored_is_told_at_the_end_and_stops_nobody,
    an_event_of_a_newer_pipeline_is_named,
);
