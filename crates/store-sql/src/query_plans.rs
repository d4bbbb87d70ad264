//! Tests: whatever is asked about many runs is answered from an index, and a full disk is told as such.

use std::time::SystemTime;

use jiff::Timestamp;
use sqlx::Row;

use crate::error::StoreError;
use crate::events::{page_after, phases_of_runs};
use crate::many::{pages_of_runs, rows_of_runs, steps_of_runs};
use crate::measured::measured_in_runs;
use crate::measurements::healthy;
use crate::run::{RunFilter, RunKind, RunOutcome};
use crate::runs::{RUNS, last_succeeded, unfinished};
use crate::select::Select;
use crate::store::Store;
use crate::usual::step_times_of;

async fn in_memory() -> Store {
    Store::open("sqlite::memory:", || SystemTime::UNIX_EPOCH).await.unwrap()
}

async fn plan(store: &Store, select: Select) -> String {
    let rows = select.within("EXPLAIN QUERY PLAN ", "").all(store.reader()).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    lines.join("\n")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "filters and the index of each")]
async fn history_is_read_from_an_index_however_it_is_filtered() {
    let store = in_memory().await;
    let all = RunFilter::default();
    let staging = RunFilter { environment: Some("staging".into()), ..all.clone() };
    let shop = RunFilter { target: Some("flyio:shop".into()), ..all.clone() };
    let failed = RunFilter { outcome: Some(RunOutcome::Fail), limit: Some(20), ..staging.clone() };
    let early = RunFilter {
        since: Some(Timestamp::UNIX_EPOCH),
        until: Some(Timestamp::MAX),
        kind: Some(RunKind::Deploy),
        who: Some("ada".into()),
        revision: Some("4f1c2ab".into()),
        ..all.clone()
    };
    let early_in_staging = RunFilter { environment: staging.environment.clone(), ..early.clone() };
    for (filter, index) in [
        (early, "(number>?)"),
        (early_in_staging, "runs_by_environment (environment=? AND number>?)"),
        (all, "(number>?)"),
        (staging, "runs_by_environment (environment=? AND number>?)"),
        (shop, "runs_by_target (target=? AND number>?)"),
        (failed, "runs_by_environment (environment=? AND number>?)"),
    ] {
        let runs = plan(&store, Select::new(RUNS).filtered(&filter)).await;
        assert!(runs.starts_with("SEARCH runs USING INDEX") && runs.ends_with(index), "{runs}");
        let phases = plan(&store, phases_of_runs(&filter)).await;
        assert!(!phases.contains("SCAN runs") && !phases.contains("SCAN phases"), "{phases}");
        let measured = plan(&store, measured_in_runs(&filter)).await;
        assert!(!measured.contains("SCAN runs") && !measured.contains("SCAN steps"), "{measured}");
        // Steps of all runs are all steps.
        let filter = RunFilter { limit: Some(20), ..filter };
        for select in [
            steps_of_runs(&filter, None),
            steps_of_runs(&filter, Some(pipeline_core::Phase::Deploy)),
            rows_of_runs(&filter, "health-score"),
            pages_of_runs(&filter, "health-score"),
        ] {
            let steps = plan(&store, select).await;
            let scans = ["SCAN runs", "SCAN steps", "SCAN events", "SCAN event_pages"];
            assert!(!scans.iter().any(|it| steps.contains(it)), "{steps}");
        }
        let steps = plan(&store, step_times_of(&filter)).await;
        assert!(!steps.contains("SCAN runs") && !steps.contains("SCAN steps"), "{steps}");
    }
}

#[tokio::test]
async fn the_runs_that_matter_to_the_next_one_are_found_by_an_index() {
    let store = in_memory().await;
    insta::assert_snapshot!(
        plan(&store, unfinished("flyio:shop")).await,
        @"SEARCH runs USING INDEX runs_unfinished (target=? AND number>?)"
    );
    insta::assert_snapshot!(
        plan(&store, last_succeeded("flyio:shop")).await,
        @"SEARCH runs USING INDEX runs_by_target (target=?)"
    );
    let samples = plan(&store, healthy("flyio:shop", "GET /", 5)).await;
    insta::assert_snapshot!(samples, @r"
    CO-ROUTINE healthy
    SEARCH runs USING INDEX runs_by_target (target=?)
    CORRELATED SCALAR SUBQUERY 1
    SEARCH phases USING INDEX sqlite_autoindex_phases_1 (run=?)
    SEARCH samples EXISTS USING COVERING INDEX samples_by_run (run=? AND endpoint=?)
    SCAN healthy
    SEARCH samples USING INDEX samples_by_run (run=? AND endpoint=?)
    ");
    let pages = plan(&store, page_after(&pipeline_core::RunId::new("run-1"), 7)).await;
    insta::assert_snapshot!(
        pages,
        @"SEARCH event_pages USING INDEX sqlite_autoindex_event_pages_1 (run=?)"
    );
    let page = "SELECT seq FROM events WHERE run = 'x' AND seq > 7 ORDER BY seq LIMIT 500";
    let page = plan(&store, Select::new(page)).await;
    assert!(page.ends_with("(run=? AND seq>?)"), "{page}");
    for table in ["journal", "events", "steps", "phases"] {
        let sql = format!("SELECT seq FROM {table} WHERE run = 'x' ORDER BY seq");
        let plan = plan(&store, Select::new(sql)).await;
        assert!(plan.starts_with(&format!("SEARCH {table} USING")), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_leaves_nothing_half_written() {
    let store = in_memory().await;
    let full = "PRAGMA max_page_count = 1";
    sqlx::raw_sql(full).execute(store.reader()).await.unwrap();
    let big = "x".repeat(1 << 20).into();
    let error = store.put_baseline("flyio:shop", "GET /", &big).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert_eq!(store.baselines("flyio:shop").await.unwrap(), []);
}

#[tokio::test]
async fn a_store_that_may_not_be_written_is_told_as_such() {
    let store = in_memory().await;
    sqlx::raw_sql("PRAGMA query_only = 1").execute(store.reader()).await.unwrap();
    let error = store.put_baseline("flyio:shop", "GET /", &1.into()).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
}
