//! The journal: what is kept, in which order, and who may write.

use std::time::Duration;

use crate::common::{ALMOST_TTL, Folder, TARGET, TTL, assert_told, begin, on_both, owner};
use pipeline_core::{
    Artifact, Cause, Decision, Deployment, Evidence, Failure, Fault, FaultKind, Finding, Journal,
    Phase, Record, RunId, Snapshot, Stage, State,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use store_sql::StoreError;

async fn records_are_read_back_in_order_by_whoever_opens_the_file(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    let mut journal = store.journal(&run.id, &lock);
    let built = Record::Built { artifact: Artifact::new("registry.fly.io/shop@sha256:1") };
    for record in [Record::GatesPassed, built.clone()] {
        journal.append(&record).await.unwrap();
    }
    let records = folder.open().await.records(&run.id).await.unwrap();
    assert_eq!(records, [Record::GatesPassed, built]);
    assert!(matches!(State::replay(&records), Ok(State::Looking(_))));
    let image = store.run("v1").await.unwrap().unwrap().begun.image;
    assert_eq!(image.as_deref(), Some("registry.fly.io/shop@sha256:1"));
}

async fn how_soon_the_traffic_was_back_is_told_with_the_run(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    let mut journal = store.journal(&run.id, &lock);
    let back = async || store.run("v1").await.unwrap().unwrap().traffic_back_ms;
    let mut deployment = Deployment::default();
    journal.append(&Record::Restored { deployment: deployment.clone() }).await.unwrap();
    assert_eq!(back().await, None, "it never went away");
    deployment.numbers.insert("traffic_back_ms".into(), 5_200);
    journal.append(&Record::Restored { deployment }).await.unwrap();
    assert_eq!(back().await, Some(5_200));
}

async fn who_lost_the_lock_writes_nothing_and_learns_who_has_it(folder: Folder) {
    let (ada, bob) = (folder.open().await, folder.open().await);
    let run = begin(&ada).await;
    let old = ada.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    let mut stale = ada.journal(&run.id, &old);
    stale.append(&Record::GatesPassed).await.unwrap();
    folder.now.advance(TTL);
    let new = bob.lock(TARGET, &owner("bob", 2), TTL).await.unwrap();
    let built = Record::Built { artifact: Artifact::new("image") };
    let fault = stale.append(&built).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Permanent);
    assert_told!(fault, @"the lock on flyio:shop is lost: bob on build-7 (process 2, run run-1) holds it since 2026-03-25T14:32:30Z, until 2026-03-25T14:33:00Z; start again once it is free");
    assert!(fault.next_step().is_some());
    assert_eq!(ada.records(&run.id).await.unwrap(), [Record::GatesPassed]);
    assert_eq!(ada.run("v1").await.unwrap().unwrap().begun.image, None);
    bob.journal(&run.id, &new).append(&Record::GatesPassed).await.unwrap();
    assert_eq!(ada.records(&run.id).await.unwrap().len(), 2);
}

async fn nothing_is_written_after_the_lock_was_given_back(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    let mut journal = store.journal(&run.id, &lock);
    lock.release().await.unwrap();
    let fault = journal.append(&Record::GatesPassed).await.unwrap_err();
    assert_told!(fault, @"the lock on flyio:shop is lost: nobody holds it now; start again once it is free");
    assert_eq!(store.records(&run.id).await.unwrap(), []);
}

async fn an_append_is_a_sign_of_life(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    folder.now.advance(ALMOST_TTL);
    store.journal(&run.id, &lock).append(&Record::GatesPassed).await.unwrap();
    folder.now.advance(ALMOST_TTL);
    assert!(store.lock(TARGET, &owner("bob", 2), TTL).await.is_err());
}

async fn the_lock_of_another_target_is_no_leave_to_write(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await;
    let other = store.lock("flyio:other", &owner("ada", 1), TTL).await.unwrap();
    let fault = store.journal(&run.id, &other).append(&Record::GatesPassed).await.unwrap_err();
    assert!(fault.to_string().contains("of flyio:other; see `pipeline history`"), "{fault}");
    let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    let unknown = RunId::new("run-9");
    assert!(store.journal(&unknown, &lock).append(&Record::GatesPassed).await.is_err());
    assert_eq!(store.records(&run.id).await.unwrap(), []);
}

async fn a_record_that_cannot_be_read_is_named(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    store.journal(&run.id, &lock).append(&Record::GatesPassed).await.unwrap();
    store.journal(&run.id, &lock).append(&Record::GatesPassed).await.unwrap();
    let told = |error: StoreError| folder.told(&error).replace(run.id.as_str(), "[RUN]");
    folder.sql("UPDATE journal SET record = '{\"record\":\"teleported\"}' WHERE seq = 2").await;
    let error = store.records(&run.id).await.unwrap_err();
    assert_told!(told(error), @"record 2 of the run `[RUN]` cannot be read; was it made by a newer pipeline?");
    folder.sql("DELETE FROM journal WHERE seq = 1").await;
    let error = store.records(&run.id).await.unwrap_err();
    assert_told!(told(error), @"record 1 of the run `[RUN]` is missing in [PLACE]; put a copy of the store back");
}

/// Each append is given up after another while: it is kept wholly or not at all, and what was
/// acknowledged is kept.
async fn an_append_that_is_dropped_half_way_leaves_all_or_nothing(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    let mut journal = store.journal(&run.id, &lock);
    let mut acknowledged = 0;
    for patience in 0..100 {
        let patience = Duration::from_micros(patience * 20);
        let append = journal.append(&Record::GatesPassed);
        let done = tokio::time::timeout(patience, append).await;
        acknowledged += usize::from(matches!(done, Ok(Ok(()))));
        let kept = store.records(&run.id).await.unwrap().len();
        assert!(kept >= acknowledged, "{kept} of {acknowledged}");
    }
    // A commit that was on its way when its future was dropped comes before whatever is written next.
    lock.heartbeat().await.unwrap();
    let before = store.records(&run.id).await.unwrap().len();
    journal.append(&Record::StageVerified).await.unwrap();
    let records = folder.open().await.records(&run.id).await.unwrap();
    assert_eq!((records.len(), records.last()), (before + 1, Some(&Record::StageVerified)));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn failure() -> impl Strategy<Value = Failure> {
    let cause = prop_oneof![
        any::<String>().prop_map(|it| Cause::Refused(vec![Finding::error(it).at("mix.exs", 7)])),
        Just(Cause::Inconclusive(Vec::new())),
        any::<String>()
            .prop_map(|it| Fault::transient(std::io::Error::other(it)).hint("wait").into()),
        Just(Cause::Interrupted),
    ];
    (any::<String>(), cause, any::<bool>()).prop_map(|(step, cause, whole)| Failure {
        phase: Phase::Deploy,
        step,
        cause,
        whole,
        untouched: !whole,
    })
}

fn deployment() -> impl Strategy<Value = Deployment> {
    (any::<String>(), any::<Option<String>>()).prop_map(|(version, artifact)| Deployment {
        version,
        artifact,
        ..Deployment::default()
    })
}

fn record() -> impl Strategy<Value = Record> {
    let looked = (any::<String>(), value(), value(), prop::option::of(deployment()));
    prop_oneof![
        Just(Record::GatesPassed),
        prop::collection::vec(failure(), 0..3).prop_map(|failures| Record::Rejected { failures }),
        any::<String>().prop_map(|it| Record::Built { artifact: Artifact::new(it) }),
        looked.prop_map(|(target, data, measured, current)| Record::SnapshotTaken {
            target: target.clone(),
            snapshot: Snapshot { current, data: data.clone() },
            stages: vec![Stage::new(target.as_str()).data(data), Stage::settle("settle")],
            baselines: [(target, Evidence::new("measured", measured))].into(),
        }),
        deployment().prop_map(|deployment| Record::StageReached { deployment }),
        failure().prop_map(|failure| Record::Failed { failure }),
        Just(Record::decided(Decision::Restore)),
    ]
}

/// Whatever records there are, they are read back as they were.
fn records_survive(folder: &Folder) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(folder.open());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(48));
    let survive = |records: Vec<Record>| {
        let read = runtime.block_on(async {
            let run = begin(&store).await;
            let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
            let mut journal = store.journal(&run.id, &lock);
            for record in &records {
                journal.append(record).await.unwrap();
            }
            lock.release().await.unwrap();
            store.records(&run.id).await.unwrap()
        });
        prop_assert_eq!(read, records);
        Ok(())
    };
    runner.run(&prop::collection::vec(record(), 0..6), survive).unwrap();
}

#[test]
fn any_records_survive_a_file() {
    records_survive(&Folder::new());
}

#[test]
fn any_records_survive_a_server() {
    records_survive(&Folder::of_server());
}

on_both!(
    records_are_read_back_in_order_by_whoever_opens_the_file,
    how_soon_the_traffic_was_back_is_told_with_the_run,
    who_lost_the_lock_writes_nothing_and_learns_who_has_it,
    nothing_is_written_after_the_lock_was_given_back,
    an_append_is_a_sign_of_life,
    the_lock_of_another_target_is_no_leave_to_write,
    a_record_that_cannot_be_read_is_named,
    an_append_that_is_dropped_half_way_leaves_all_or_nothing,
);
