//! Runs: numbers, endings, and finding them again.

use std::time::Duration;

use crate::common::{Folder, TARGET, begin, deploy, in_memory};
use pipeline_core::{Conclusion, RunId};
use store_sql::{Ending, NewRun, RunFilter, RunKind, RunOutcome, RunRow, Store};

const PASS: Ending =
    Ending { conclusion: Some(Conclusion::Succeeded), outcome: RunOutcome::Pass, exit_code: 0 };
const ROLLBACK: Ending = Ending {
    conclusion: Some(Conclusion::RolledBack),
    outcome: RunOutcome::Rollback,
    exit_code: 30,
};
const ABORT: Ending = Ending { conclusion: None, outcome: RunOutcome::Abort, exit_code: 12 };

fn versions(runs: &[RunRow]) -> Vec<&str> {
    runs.iter().map(|run| run.version.as_str()).collect()
}

async fn ended(store: &Store, environment: &str, ending: &Ending) -> RunRow {
    let run = NewRun { target: format!("flyio:{environment}"), ..deploy(environment) };
    let run = store.begin(&run).await.unwrap();
    store.finish(&run.id, ending).await.unwrap();
    run
}

#[tokio::test]
async fn a_run_is_read_back_as_it_was_begun() {
    let store = in_memory().await;
    let first = begin(&store).await;
    let back = NewRun {
        kind: RunKind::Rollback,
        restores: Some(first.id.clone()),
        image: Some("registry.fly.io/shop@sha256:1".into()),
        revision: None,
        origin: None,
        pid: u32::MAX,
        ..deploy("production")
    };
    let second = store.begin(&back).await.unwrap();
    assert_eq!((second.version.as_str(), &second.begun), ("v2", &back));
    for run in [first, second] {
        assert_eq!(store.run(&run.version).await.unwrap().as_ref(), Some(&run));
        assert_eq!(store.run(run.id.as_str()).await.unwrap().as_ref(), Some(&run));
    }
    for name in ["v3", "v", "vault", "", "v-1", "v99999999999999999999"] {
        assert_eq!(store.run(name).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn names_sort_by_time() {
    let folder = Folder::new();
    let store = folder.open().await;
    let mut names = Vec::new();
    for _ in 0..5 {
        names.push(begin(&store).await.id);
        folder.now.advance(Duration::from_millis(1));
    }
    assert!(names.is_sorted(), "{names:?}");
}

#[tokio::test]
async fn a_run_ends_once_and_the_first_ending_stays() {
    let folder = Folder::new();
    let store = folder.open().await;
    let run = begin(&store).await;
    assert_eq!(store.unfinished(TARGET).await.unwrap().as_ref(), Some(&run));
    folder.now.advance(Duration::from_secs(252));
    store.finish(&run.id, &ABORT).await.unwrap();
    folder.now.advance(Duration::from_secs(252));
    store.finish(&run.id, &PASS).await.unwrap();
    let run = store.run("v1").await.unwrap().unwrap();
    assert_eq!((run.ending, run.duration_ms()), (Some(ABORT), Some(252_000)));
    assert_eq!(store.unfinished(TARGET).await.unwrap(), None);
    assert!(store.finish(&RunId::new("run-9"), &PASS).await.is_err());
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_filtered() {
    let store = in_memory().await;
    ended(&store, "staging", &PASS).await;
    ended(&store, "production", &PASS).await;
    ended(&store, "production", &ROLLBACK).await;
    begin(&store).await;
    let all = RunFilter::default();
    let production = RunFilter { environment: Some("production".into()), ..all.clone() };
    let of_target = RunFilter { target: Some("flyio:staging".into()), ..all.clone() };
    let passed = RunFilter { outcome: Some(RunOutcome::Pass), ..all.clone() };
    let both = RunFilter { outcome: Some(RunOutcome::Pass), ..production.clone() };
    let unfinished = RunFilter { unfinished: true, ..all.clone() };
    let page = RunFilter { limit: Some(2), before: Some(4), ..all.clone() };
    for (filter, expected) in [
        (all, &["v4", "v3", "v2", "v1"][..]),
        (production, &["v4", "v3", "v2"]),
        (of_target, &["v1"]),
        (passed, &["v2", "v1"]),
        (both, &["v2"]),
        (unfinished, &["v4"]),
        (page, &["v3", "v2"]),
    ] {
        assert_eq!(versions(&store.runs(&filter).await.unwrap()), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn the_last_good_run_is_one_that_succeeded_and_is_not_marked_bad() {
    let store = in_memory().await;
    let target = "flyio:production";
    assert_eq!(store.last_succeeded(target).await.unwrap(), None);
    ended(&store, "production", &PASS).await;
    let second = ended(&store, "production", &PASS).await;
    ended(&store, "production", &ROLLBACK).await;
    ended(&store, "staging", &PASS).await;
    assert_eq!(store.last_succeeded(target).await.unwrap().unwrap().id, second.id);
    store.mark_bad(&second.id, "it lost orders").await.unwrap();
    assert_eq!(store.last_succeeded(target).await.unwrap().unwrap().version, "v1");
    let bad = store.run("v2").await.unwrap().unwrap().bad;
    assert_eq!(bad.as_deref(), Some("it lost orders"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_have_no_gaps_when_several_begin_at_once() {
    let folder = Folder::new();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = folder.open().await;
        tasks.spawn(async move {
            let mut numbers = Vec::new();
            for _ in 0..10 {
                numbers.push(begin(&store).await.number);
            }
            numbers
        });
    }
    let mut numbers = tasks.join_all().await.concat();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}
