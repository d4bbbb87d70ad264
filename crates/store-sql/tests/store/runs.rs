//! Runs: numbers, endings, and finding them again.

use std::time::Duration;

use crate::common::{Folder, TARGET, begin, deploy, on_both};
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

async fn a_run_is_read_back_as_it_was_begun(folder: Folder) {
    let store = folder.open().await;
    let first = begin(&store).await;
    let back = NewRun {
        kind: RunKind::Rollback,
        restores: Some(first.id.clone()),
        promotes: Some(RunId::new("of-staging")),
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

async fn names_sort_by_time(folder: Folder) {
    let store = folder.open().await;
    let mut names = Vec::new();
    for _ in 0..5 {
        names.push(begin(&store).await.id);
        folder.now.advance(Duration::from_millis(1));
    }
    assert!(names.is_sorted(), "{names:?}");
}

async fn a_run_ends_once_and_the_first_ending_stays(folder: Folder) {
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

async fn runs_are_listed_newest_first_and_filtered(folder: Folder) {
    let store = folder.open().await;
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
    let changed = RunFilter { changed: true, ..all.clone() };
    let concluded = RunFilter { concluded: true, ..all.clone() };
    for (filter, expected) in [
        (all, &["v4", "v3", "v2", "v1"][..]),
        (production, &["v4", "v3", "v2"]),
        (of_target, &["v1"]),
        (passed, &["v2", "v1"]),
        (both, &["v2"]),
        (unfinished, &["v4"]),
        (changed, &["v3", "v2", "v1"]),
        (concluded, &["v3", "v2", "v1"]),
        (page, &["v3", "v2"]),
    ] {
        assert_eq!(versions(&store.runs(&filter).await.unwrap()), expected, "{filter:?}");
    }
}

async fn runs_are_found_by_when_by_whom_and_for_what_they_were_begun(folder: Folder) {
    let store = folder.open().await;
    let start = store.begin(&deploy("staging")).await.unwrap().started;
    let hour = Duration::from_hours(1);
    folder.now.advance(hour);
    let bob = NewRun { who: "bob".into(), revision: Some("4f9%_".into()), ..deploy("staging") };
    store.begin(&bob).await.unwrap();
    folder.now.advance(hour);
    let back = NewRun { kind: RunKind::Rollback, revision: None, ..deploy("staging") };
    store.begin(&back).await.unwrap();
    let all = RunFilter::default;
    let revision = |it: &str| RunFilter { revision: Some(it.into()), ..all() };
    for (filter, expected) in [
        (RunFilter { since: Some(start + hour), ..all() }, &["v3", "v2"][..]),
        (RunFilter { until: Some(start + hour), ..all() }, &["v1"]),
        (RunFilter { since: Some(start + hour), until: Some(start + hour * 2), ..all() }, &["v2"]),
        (RunFilter { kind: Some(RunKind::Rollback), ..all() }, &["v3"]),
        (RunFilter { kind: Some(RunKind::Deploy), ..all() }, &["v2", "v1"]),
        (RunFilter { who: Some("bob".into()), ..all() }, &["v2"]),
        (RunFilter { who: Some("ada".into()), limit: Some(1), ..all() }, &["v3"]),
        (revision("4f"), &["v2", "v1"]),
        (revision("4f1c2ab"), &["v1"]),
        (revision("4f1c2abc"), &[]),
        (revision("4f9%_"), &["v2"]),
        (revision("%"), &[]),
    ] {
        let unlimited = RunFilter { limit: None, ..filter.clone() };
        let all = store.runs(&unlimited).await.unwrap().len();
        assert_eq!(store.count(&filter).await.unwrap(), all as u64, "{filter:?}");
        assert_eq!(versions(&store.runs(&filter).await.unwrap()), expected, "{filter:?}");
        let history = store.history(&filter).await.unwrap();
        assert_eq!(history.len(), expected.len());
    }
}

async fn the_last_good_run_is_one_that_succeeded_and_is_not_marked_bad(folder: Folder) {
    let store = folder.open().await;
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

async fn numbers_have_no_gaps_when_several_begin_at_once(folder: Folder) {
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

on_both!(
    a_run_is_read_back_as_it_was_begun,
    names_sort_by_time,
    a_run_ends_once_and_the_first_ending_stays,
    runs_are_listed_newest_first_and_filtered,
    runs_are_found_by_when_by_whom_and_for_what_they_were_begun,
    the_last_good_run_is_one_that_succeeded_and_is_not_marked_bad,
    numbers_have_no_gaps_when_several_begin_at_once,
);
