//! Several processes on one store, and one that is killed. Each child is this program again, running one of
//! the ignored tests in the folder of the store.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use crate::common::{Folder, TARGET, TTL, begin, on_both, owner};
use pipeline_core::{Journal, Record};
use store_sql::{RunFilter, Store, StoreError};
use tempfile::TempDir;

/// Holds the store's address; each child runs in its folder.
const ADDRESS: &str = "address";

#[expect(clippy::disallowed_methods, reason = "processes share no other clock")]
async fn open(folder: &Path) -> Store {
    let url = fs::read_to_string(folder.join(ADDRESS)).unwrap();
    Store::open(&url, SystemTime::now).await.unwrap()
}

/// A new folder that names the store.
fn folder_of(store: &Folder) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(ADDRESS), store.url()).unwrap();
    folder
}

fn child(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

async fn processes_that_open_a_new_store_at_once_share_its_numbers_and_its_lock(store: Folder) {
    let folder = folder_of(&store);
    fs::write(folder.path().join("counter"), "0").unwrap();
    let children = [0; 4].map(|_| child("processes::child_counts", folder.path()));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let store = open(folder.path()).await;
    let runs = store.runs(&RunFilter::default()).await.unwrap();
    let numbers: Vec<i64> = runs.iter().rev().map(|run| run.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    // Read, added to and written by whoever had the lock.
    assert_eq!(fs::read_to_string(folder.path().join("counter")).unwrap(), "20");
}

#[tokio::test]
#[ignore = "started by a test above"]
async fn child_counts() {
    let store = open(Path::new(".")).await;
    for _ in 0..5 {
        begin(&store).await;
        let owner = owner("child", std::process::id());
        let lock = loop {
            match store.lock(TARGET, &owner, TTL).await {
                Ok(lock) => break lock,
                Err(StoreError::Held { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error:?}"),
            }
        };
        let count: u32 = fs::read_to_string("counter").unwrap().parse().unwrap();
        fs::write("counter", (count + 1).to_string()).unwrap();
        lock.release().await.unwrap();
    }
}

async fn what_a_killed_process_had_kept_is_there_and_the_next_one_goes_on(store: Folder) {
    let folder = folder_of(&store);
    let mut child = child("processes::child_appends", folder.path());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut kept = lines.by_ref().filter(|line| line == "kept");
    assert_eq!(kept.by_ref().take(50).count(), 50);
    child.kill().unwrap();
    let acknowledged = 50 + kept.count();
    let dead = child.id();
    child.wait().unwrap();
    let store = open(folder.path()).await;
    let run = store.unfinished(TARGET).await.unwrap().unwrap();
    let next = owner("next", std::process::id());
    assert!(matches!(store.lock(TARGET, &next, TTL).await, Err(StoreError::Held { .. })));
    let lock = store.lock_or_take_over(TARGET, &next, TTL, |pid| pid != dead).await.unwrap();
    assert_eq!(lock.fence(), 2);
    // A server may still have been at its last write; under the new lock nothing comes any more.
    let records = store.records(&run.id).await.unwrap();
    assert!(records.len() >= acknowledged, "{} of {acknowledged}", records.len());
    store.journal(&run.id, &lock).append(&Record::StageVerified).await.unwrap();
    assert_eq!(store.records(&run.id).await.unwrap().len(), records.len() + 1);
}

#[tokio::test]
#[ignore = "started by a test above, and killed by it"]
async fn child_appends() {
    let store = open(Path::new(".")).await;
    let run = begin(&store).await;
    // It holds when the next one looks, however late that is.
    let lock = store.lock(TARGET, &owner("child", std::process::id()), TTL * 20).await.unwrap();
    let mut journal = store.journal(&run.id, &lock);
    println!();
    // An end, so that nothing is left behind should nobody kill it.
    for _ in 0..100_000 {
        journal.append(&Record::GatesPassed).await.unwrap();
        if writeln!(std::io::stdout(), "kept").is_err() {
            return;
        }
    }
}

on_both!(
    processes_that_open_a_new_store_at_once_share_its_numbers_and_its_lock,
    what_a_killed_process_had_kept_is_there_and_the_next_one_goes_on,
);
