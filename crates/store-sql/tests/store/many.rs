//! Questions about many runs at once.

use std::collections::BTreeMap;
use std::time::SystemTime;

use pipeline_core::{Event, EventKind, Observer, Phase, Report, RunId};
use store_sql::{NewRun, Recorder, RunFilter, RunKind, RunRow, Store};

use crate::common::{Folder, begin, deploy, on_both};

fn done(phase: Phase, step: &str, score: f64) -> EventKind {
    let outcome = Ok(Report::passed().number("score", score));
    let (step, remembered_from) = (step.to_owned(), None);
    EventKind::StepDone { phase, step, outcome, required: true, took_ms: 7, remembered_from }
}

fn telling(store: &Store, run: &RunRow, kinds: impl IntoIterator<Item = EventKind>) -> Recorder {
    let mut recorder = store.recorder(&run.id);
    for (seq, kind) in (1..).zip(kinds) {
        recorder.observe(&Event { seq, at: SystemTime::UNIX_EPOCH, kind });
    }
    recorder
}

async fn told(store: &Store, run: &RunRow, kinds: impl IntoIterator<Item = EventKind>) {
    telling(store, run, kinds).close().await.unwrap();
}

/// Until so many events of a run that goes on are stored: it is asked again and again, as others would.
async fn stored(store: &Store, run: &RunRow, count: usize) {
    for _ in 0..2_400 {
        if store.events(&run.id).await.unwrap().len() == count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{count} events of {} are never stored", run.version);
}

async fn steps_and_answers_of_many_runs_come_with_the_numbers_of_their_runs(folder: Folder) {
    let store = folder.open().await;
    let (first, silent, last) = (begin(&store).await, begin(&store).await, begin(&store).await);
    let score = |it| done(Phase::Validate, "health-score", it);
    told(&store, &first, [score(80.0), done(Phase::Deploy, "roll", 0.0), score(81.0)]).await;
    // This one goes on: its events are not packed yet.
    let open = telling(&store, &last, [score(90.0)]);
    stored(&store, &last, 1).await;
    let all = RunFilter::default();
    let steps = store.steps_of(&all, None).await.unwrap();
    let names: Vec<_> = steps.iter().map(|(number, it)| (*number, it.step.as_str())).collect();
    assert_eq!(names, [(3, "health-score"), (1, "health-score"), (1, "roll"), (1, "health-score")]);
    assert_eq!(store.steps_of(&all, Some(Phase::Deploy)).await.unwrap().len(), 1);
    let newest = RunFilter { limit: Some(1), ..all.clone() };
    assert_eq!(store.steps_of(&newest, None).await.unwrap().len(), 1);
    let numbers = [first.number, silent.number, last.number];
    assert_eq!(scores(&store, numbers).await, [Some(81.0), None, Some(90.0)]);
    open.close().await.unwrap();
    assert_eq!(scores(&store, numbers).await, [Some(81.0), None, Some(90.0)], "packed");
    let none = store.outcomes(&all, "no-such-step").await.unwrap();
    assert!(none.is_empty(), "{none:?}");
}

async fn scores(store: &Store, runs: [i64; 3]) -> [Option<f64>; 3] {
    let scores = store.outcomes(&RunFilter::default(), "health-score").await.unwrap();
    runs.map(|it| scores.get(&it).map(|it| it.as_ref().unwrap().numbers()["score"]))
}

async fn runs_that_brought_a_release_of_earlier_name_the_run_that_it_is_from(folder: Folder) {
    let store = folder.open().await;
    let staged = store.begin(&deploy("staging")).await.unwrap();
    let promote = |from: &RunId| NewRun { promotes: Some(from.clone()), ..deploy("production") };
    let promoted = store.begin(&promote(&staged.id)).await.unwrap();
    let own = begin(&store).await;
    let back = NewRun {
        kind: RunKind::Rollback,
        restores: Some(promoted.id.clone()),
        ..deploy("production")
    };
    let back = store.begin(&back).await.unwrap();
    // What came from another store names a run that this one does not know.
    store.begin(&promote(&RunId::new("of-another-store"))).await.unwrap();
    let from = |run: &RunRow, place: &str, version: &str| {
        (run.number, (place.to_owned(), version.to_owned()))
    };
    let (promotion, rollback) = (from(&promoted, "staging", "v1"), from(&back, "production", "v2"));
    let all = RunFilter::default();
    let of = |environment: &str| RunFilter { environment: Some(environment.into()), ..all.clone() };
    for (filter, expected) in [
        (all.clone(), vec![promotion.clone(), rollback.clone()]),
        // The filter says which runs are asked about, not where their releases are from.
        (of("production"), vec![promotion.clone(), rollback.clone()]),
        (of("staging"), vec![]),
        (RunFilter { kind: Some(RunKind::Rollback), ..all.clone() }, vec![rollback.clone()]),
        (RunFilter { before: Some(own.number), ..all.clone() }, vec![promotion]),
        (RunFilter { limit: Some(2), ..all.clone() }, vec![rollback]),
        (RunFilter { limit: Some(1), ..all.clone() }, vec![]),
    ] {
        let sources = store.sources(&filter).await.unwrap();
        assert_eq!(sources, BTreeMap::from_iter(expected), "{filter:?}");
    }
}

async fn a_store_that_does_not_exist_is_not_made_by_looking(folder: Folder) {
    let now = folder.now.clone();
    for _ in 0..2 {
        assert!(Store::open_existing(&folder.url(), now.clone()).await.unwrap().is_none());
        assert!(!folder.path().exists() && !Store::exists(&folder.url()).await.unwrap());
    }
    begin(&folder.open().await).await;
    let store = Store::open_existing(&folder.url(), now).await.unwrap().unwrap();
    assert_eq!(store.runs(&RunFilter::default()).await.unwrap().len(), 1);
}

on_both!(
    steps_and_answers_of_many_runs_come_with_the_numbers_of_their_runs,
    runs_that_brought_a_release_of_earlier_name_the_run_that_it_is_from,
    a_store_that_does_not_exist_is_not_made_by_looking,
);
