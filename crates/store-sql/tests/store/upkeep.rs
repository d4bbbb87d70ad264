//! What is in a store, letting go of what is old, and bringing another store into it.

use std::time::Duration;

use pipeline_core::{
    Conclusion, Event, EventKind, Journal, Observer, Phase, Record, Report, Verdict,
};
use serde_json::json;
use store_sql::{
    Ending, GOOD_RUNS_KEPT, NewRun, Retention, RunFilter, RunOutcome, RunRow, Sample, Series,
    Store, StoreError,
};

use crate::common::{Folder, TARGET, TTL, begin, deploy, on_both, owner};

const DAY: Duration = Duration::from_hours(24);

/// A run with something of everything.
async fn full(folder: &Folder, store: &Store, outcome: Option<RunOutcome>) -> RunRow {
    folder.now.advance(DAY);
    let run = begin(store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    store.journal(&run.id, &lock).append(&Record::GatesPassed).await.unwrap();
    let mut recorder = store.recorder(&run.id);
    let step = |outcome| EventKind::StepDone {
        phase: Phase::Verify,
        step: "smoke".into(),
        outcome,
        required: true,
        took_ms: 7,
        remembered_from: None,
    };
    let ended =
        EventKind::PhaseEnded { phase: Phase::Verify, verdict: Some(Verdict::Passed), took_ms: 8 };
    for (seq, kind) in (1..).zip([step(Ok(Report::passed())), ended]) {
        recorder.observe(&Event { seq, at: std::time::SystemTime::UNIX_EPOCH, kind });
    }
    recorder.close().await.unwrap();
    let samples = vec![Sample { at: run.started, latency_us: 41_000, status: Some(200) }; 20];
    let (verifier, endpoint, role) = ("performance".into(), "GET /".into(), Series::NEW.into());
    let series = Series { verifier, endpoint, instance: None, role, samples };
    store.put_samples(&run.id, &[series]).await.unwrap();
    if let Some(outcome) = outcome {
        let conclusion = match outcome {
            RunOutcome::Pass => Some(Conclusion::Succeeded),
            RunOutcome::Stuck => Some(Conclusion::Stuck),
            _ => None,
        };
        store.finish(&run.id, &Ending { conclusion, outcome, exit_code: 0 }).await.unwrap();
    }
    lock.release().await.unwrap();
    run
}

async fn what_is_in_a_store_is_counted(folder: Folder) {
    let store = folder.open().await;
    let empty = store.info().await.unwrap();
    assert_eq!((empty.runs, empty.events, empty.oldest), (0, 0, None));
    let first = full(&folder, &store, Some(RunOutcome::Pass)).await;
    let second = full(&folder, &store, None).await;
    store.put_baseline(TARGET, "GET /", &json!({})).await.unwrap();
    let info = store.info().await.unwrap();
    assert_eq!((info.runs, info.unfinished, info.events), (2, 1, 4));
    assert_eq!((info.series, info.baselines), (2, 1));
    assert_eq!((info.oldest, info.newest), (Some(first.started), Some(second.started)));
    assert!(info.bytes > 10_000, "{info:?}");
}

async fn old_runs_lose_their_details_and_what_is_needed_stays(folder: Folder) {
    let store = folder.open().await;
    let stuck = full(&folder, &store, Some(RunOutcome::Stuck)).await;
    let good = full(&folder, &store, Some(RunOutcome::Pass)).await;
    let failed = full(&folder, &store, Some(RunOutcome::Fail)).await;
    let open = full(&folder, &store, None).await;
    let all = Retention { keep: Some(0), ..Retention::default() };
    let would = store.prunable(&all).await.unwrap();
    assert_eq!((would.runs, would.events, would.series), (1, 2, 1));
    assert_eq!(store.info().await.unwrap().events, 8, "looking changes nothing");
    assert_eq!(store.prune(&all).await.unwrap(), would);
    for run in [&stuck, &good, &open] {
        assert_eq!(store.events(&run.id).await.unwrap().len(), 2);
        assert_eq!(store.samples(&run.id).await.unwrap().len(), 1);
    }
    assert_eq!(store.events(&failed.id).await.unwrap(), []);
    assert_eq!(store.samples(&failed.id).await.unwrap().len(), 0);
    // What history and trends read is there.
    assert_eq!(store.history(&RunFilter::default()).await.unwrap().len(), 4);
    assert_eq!(store.phases(&failed.id).await.unwrap().len(), 1);
    assert_eq!(store.steps(&failed.id).await.unwrap().len(), 1);
    assert_eq!(store.records(&failed.id).await.unwrap().len(), 1);
    assert_eq!(store.outcome(&failed.id, "smoke").await.unwrap(), None);
    assert_eq!(store.prune(&all).await.unwrap(), store_sql::Pruned::default());
    // And altogether.
    let runs = store.prune(&Retention { runs: true, ..all }).await.unwrap();
    assert_eq!(runs.runs, 1);
    assert_eq!(store.run(failed.id.as_str()).await.unwrap(), None);
    assert_eq!(store.runs(&RunFilter::default()).await.unwrap().len(), 3);
    assert_eq!(begin(&store).await.version, "v5");
}

async fn latencies_that_verdicts_rest_on_are_never_let_go(folder: Folder) {
    let store = folder.open().await;
    for _ in 0..GOOD_RUNS_KEPT + 3 {
        full(&folder, &store, Some(RunOutcome::Pass)).await;
    }
    let before = store.healthy_samples(TARGET, "GET /", 5).await.unwrap();
    let all = Retention { keep: Some(0), runs: true, ..Retention::default() };
    assert_eq!(store.prune(&all).await.unwrap().runs, 3);
    assert_eq!(store.healthy_samples(TARGET, "GET /", 5).await.unwrap(), before);
    let newest = store.last_succeeded(TARGET).await.unwrap().unwrap();
    assert_eq!(newest.number, i64::try_from(GOOD_RUNS_KEPT).unwrap() + 3);
}

/// All that one can ask of a run.
async fn all_of(store: &Store, run: &RunRow) -> String {
    let (events, steps) =
        (store.events(&run.id).await.unwrap(), store.steps(&run.id).await.unwrap());
    let (phases, records) =
        (store.phases(&run.id).await.unwrap(), store.records(&run.id).await.unwrap());
    let samples = store.samples(&run.id).await.unwrap();
    format!("{events:?} {steps:?} {phases:?} {records:?} {samples:?}")
}

async fn all_that_is_in_a_file_comes_into_an_empty_store_with_its_numbers(folder: Folder) {
    let old = Folder::new();
    let from = old.open().await;
    let first = full(&old, &from, Some(RunOutcome::Pass)).await;
    let back = NewRun { restores: Some(first.id.clone()), ..deploy("production") };
    let back = from.begin(&back).await.unwrap();
    from.mark_bad(&first.id, "it lost orders").await.unwrap();
    let open = full(&old, &from, None).await;
    from.put_baseline(TARGET, "GET /", &json!({ "p50": 41 })).await.unwrap();
    let to = folder.open().await;
    let done = to.import(&from, false).await.unwrap();
    assert_eq!((done.runs, done.known, done.records, done.series), (3, 0, 2, 2));
    assert_eq!((done.numbers, done.renumbered, done.baselines), (Some((1, 3)), false, 1));
    for run in [&first, &back, &open] {
        let (there, here) =
            (from.run(&run.version).await.unwrap(), to.run(&run.version).await.unwrap());
        assert_eq!(there, here);
        assert_eq!(all_of(&from, run).await, all_of(&to, run).await);
    }
    assert_eq!(to.baselines(TARGET).await.unwrap(), from.baselines(TARGET).await.unwrap());
    // Again brings nothing, and what goes on in the file is brought by the next time only where that is wanted.
    let again = to.import(&from, false).await.unwrap();
    assert_eq!((again.runs, again.known, again.numbers), (0, 3, None));
    assert_eq!(begin(&to).await.version, "v4");
    // Nobody gets a fencing number that was given before.
    let lock = to.lock(TARGET, &owner("bob", 2), TTL).await.unwrap();
    assert_eq!(lock.fence(), 3);
    assert_eq!(to.unfinished(TARGET).await.unwrap().unwrap().version, "v4");
}

async fn runs_that_come_beside_others_are_refused_or_get_the_next_numbers(folder: Folder) {
    let old = Folder::new();
    let from = old.open().await;
    let there = full(&old, &from, Some(RunOutcome::Pass)).await;
    let to = folder.open().await;
    let here = full(&folder, &to, Some(RunOutcome::Pass)).await;
    to.put_baseline(TARGET, "GET /", &json!("newer")).await.unwrap();
    from.put_baseline(TARGET, "GET /", &json!("older")).await.unwrap();
    let error = to.import(&from, false).await.unwrap_err();
    assert!(matches!(error, StoreError::NotEmpty { runs: 1, .. }), "{error:?}");
    assert_eq!(to.runs(&RunFilter::default()).await.unwrap().len(), 1);
    let done = to.import(&from, true).await.unwrap();
    assert_eq!((done.runs, done.numbers, done.renumbered), (1, Some((2, 2)), true));
    assert_eq!(to.run("v1").await.unwrap().unwrap().id, here.id);
    assert_eq!(to.run("v2").await.unwrap().unwrap().id, there.id);
    assert_eq!(to.baselines(TARGET).await.unwrap()[0].document, json!("newer"));
    assert_eq!(to.import(&from, true).await.unwrap().known, 1);
    assert_eq!(begin(&to).await.version, "v3");
}

async fn runs_that_are_older_than_those_of_their_target_never_become_the_newest(folder: Folder) {
    let old = Folder::new();
    let from = old.open().await;
    full(&old, &from, Some(RunOutcome::Pass)).await;
    let to = folder.open().await;
    folder.now.advance(Duration::from_hours(24));
    let here = full(&folder, &to, Some(RunOutcome::Pass)).await;
    let error = to.import(&from, true).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::OutOfOrder { target, .. } if target == TARGET),
        "{error:?}"
    );
    let newest = to.runs(&RunFilter::default()).await.unwrap();
    assert_eq!((newest.len(), &newest[0].id), (1, &here.id));
    // The other way round they come after, as they were.
    assert_eq!(from.import(&to, true).await.unwrap().runs, 1);
}

async fn a_store_in_which_somebody_works_is_not_brought_half(folder: Folder) {
    let old = Folder::new();
    let from = old.open().await;
    begin(&from).await;
    let lock = from.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    let to = folder.open().await;
    assert!(matches!(to.import(&from, false).await, Err(StoreError::Held { .. })));
    lock.release().await.unwrap();
    assert_eq!(to.import(&from, false).await.unwrap().runs, 1);
}

on_both!(
    what_is_in_a_store_is_counted,
    old_runs_lose_their_details_and_what_is_needed_stays,
    latencies_that_verdicts_rest_on_are_never_let_go,
    all_that_is_in_a_file_comes_into_an_empty_store_with_its_numbers,
    runs_that_come_beside_others_are_refused_or_get_the_next_numbers,
    runs_that_are_older_than_those_of_their_target_never_become_the_newest,
    a_store_in_which_somebody_works_is_not_brought_half,
);
