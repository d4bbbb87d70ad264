//! Questions about many runs at once.

use std::time::SystemTime;

use pipeline_core::{Event, EventKind, Observer, Phase, Report};
use store_sql::{RunFilter, RunRow, Store};

use crate::common::{Folder, begin, in_memory, on_both};

fn done(phase: Phase, step: &str, score: f64) -> EventKind {
    let outcome = Ok(Report::passed().number("score", score));
    let (step, remembered_from) = (step.to_owned(), None);
    EventKind::StepDone { phase, step, outcome, required: true, took_ms: 7, remembered_from }
}

async fn told(store: &Store, run: &RunRow, kinds: impl IntoIterator<Item = EventKind>) {
    let mut recorder = store.recorder(&run.id);
    for (seq, kind) in (1..).zip(kinds) {
        recorder.observe(&Event { seq, at: SystemTime::UNIX_EPOCH, kind });
    }
    recorder.close().await.unwrap();
}

#[tokio::test]
async fn steps_and_answers_of_many_runs_come_with_the_numbers_of_their_runs() {
    let store = in_memory().await;
    let (first, silent, last) = (begin(&store).await, begin(&store).await, begin(&store).await);
    let score = |it| done(Phase::Validate, "health-score", it);
    told(&store, &first, [score(80.0), done(Phase::Deploy, "roll", 0.0), score(81.0)]).await;
    told(&store, &last, [score(90.0)]).await;
    let all = RunFilter::default();
    let steps = store.steps_of(&all, None).await.unwrap();
    let names: Vec<_> = steps.iter().map(|(number, it)| (*number, it.step.as_str())).collect();
    assert_eq!(names, [(3, "health-score"), (1, "health-score"), (1, "roll"), (1, "health-score")]);
    assert_eq!(store.steps_of(&all, Some(Phase::Deploy)).await.unwrap().len(), 1);
    let newest = RunFilter { limit: Some(1), ..all.clone() };
    assert_eq!(store.steps_of(&newest, None).await.unwrap().len(), 1);
    let scores = store.outcomes(&all, "health-score").await.unwrap();
    let score = |number: i64| scores.get(&number).map(|it| it.as_ref().unwrap().numbers()["score"]);
    assert_eq!([1, silent.number, 3].map(score), [Some(81.0), None, Some(90.0)]);
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

on_both!(a_store_that_does_not_exist_is_not_made_by_looking,);
