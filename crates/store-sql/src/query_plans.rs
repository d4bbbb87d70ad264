//! Tests: whatever is asked about many runs is answered from an index, and a full disk is told as such.

use std::time::SystemTime;

use sqlx::Row;

use crate::error::StoreError;
use crate::events::phases_of_runs;
use crate::measurements::healthy;
use crate::run::{RunFilter, RunOutcome};
use crate::runs::{RUNS, last_succeeded, unfinished};
use crate::select::Select;
use crate::store::Store;

async fn in_memory() -> Store {
    Store::open("sqlite::memory:", || SystemTime::UNIX_EPOCH).await.unwrap()
}

async fn plan(store: &Store, select: Select) -> String {
    let rows = select.within("EXPLAIN QUERY PLAN ", "").all(store.reader()).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    lines.join("\n")
}

#[tokio::test]
async fn history_is_read_from_an_index_however_it_is_filtered() {
    let store = in_memory().await;
    let all = RunFilter::default();
    let staging = RunFilter { environment: Some("staging".into()), ..all.clone() };
    let shop = RunFilter { target: Some("flyio:shop".into()), ..all.clone() };
    let failed = RunFilter { outcome: Some(RunOutcome::Fail), limit: Some(20), ..staging.clone() };
    for (filter, index) in [
        (all, "(number>?)"),
        (staging, "runs_by_environment (environment=? AND number>?)"),
        (shop, "runs_by_target (target=? AND number>?)"),
        (failed, "runs_by_environment (environment=? AND number>?)"),
    ] {
        let runs = plan(&store, Select::new(RUNS).filtered(&filter)).await;
        assert!(runs.starts_with("SEARCH runs USING INDEX") && runs.ends_with(index), "{runs}");
        let phases = plan(&store, phases_of_runs(&filter)).await;
        assert!(!phases.contains("SCAN runs") && !phases.contains("SCAN phases"), "{phases}");
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
    USE TEMP B-TREE FOR LAST 3 TERMS OF ORDER BY
    ");
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
