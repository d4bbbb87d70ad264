//! Opening a store: new, old, newer, damaged, foreign, and by several at once.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::{Folder, Now, assert_told, begin, in_memory, on_both};
use pipeline_core::{Conclusion, Record, RunId};
use store_sql::{RunFilter, RunOutcome, Store, StoreError};

async fn refusal(folder: &Folder) -> StoreError {
    Store::open(&folder.url(), folder.now.clone()).await.unwrap_err()
}

fn told(error: &StoreError, path: &Path) -> String {
    error.to_string().replace(&path.display().to_string(), "[PLACE]")
}

#[tokio::test]
async fn a_new_store_makes_its_folder_and_a_file_for_this_user_alone() {
    let folder = Folder::new();
    let path = folder.path().with_file_name("a folder/#1/store.db");
    let store = Store::open(&format!("sqlite:{}", path.display()), Now::default()).await.unwrap();
    assert_eq!(begin(&store).await.version, "v1");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

async fn what_was_stored_is_there_for_the_next_who_opens_it(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await;
    store.close().await;
    assert_eq!(folder.open().await.run("v1").await.unwrap(), Some(run));
}

#[tokio::test]
async fn each_store_in_memory_is_one_of_its_own() {
    let (one, two) = (in_memory().await, in_memory().await);
    begin(&one).await;
    assert_eq!(two.runs(&RunFilter::default()).await.unwrap(), []);
    assert_eq!(one.clone().runs(&RunFilter::default()).await.unwrap().len(), 1);
}

async fn many_may_open_a_new_file_at_once(folder: Folder) {
    for _ in 0..10 {
        let folder = folder.another();
        let all = [folder.open(), folder.open(), folder.open(), folder.open()].map(Box::pin);
        let [a, b, c, d] = all;
        let (a, b, c, d) = tokio::join!(a, b, c, d);
        for (number, store) in (1..).zip([a, b, c, d]) {
            assert_eq!(begin(&store).await.number, number);
        }
    }
}

async fn a_store_of_the_first_format_is_brought_up_to_date_with_all_that_is_in_it(folder: Folder) {
    folder.sql(include_str!("../../migrations/0001_runs.sql")).await;
    folder
        .sql(
            "INSERT INTO schema_version VALUES (1, 0); UPDATE counters SET value = 41; \
             INSERT INTO runs VALUES ('id-41', 41, 'deploy', 'production', 'flyio:shop', NULL, \
             'registry.fly.io/shop@sha256:1', NULL, NULL, 'ada', 'build-7', 7, '0.1.0', 1000, 3000, \
             'succeeded', 'PASS', 0); \
             INSERT INTO journal VALUES ('id-41', 1, 1000, 1, '{\"record\":\"gates_passed\"}')",
        )
        .await;
    let store = folder.open().await;
    let run = store.run("v41").await.unwrap().unwrap();
    let ending = run.ending.unwrap();
    assert_eq!(
        (ending.conclusion, ending.outcome),
        (Some(Conclusion::Succeeded), RunOutcome::Pass)
    );
    assert_eq!((run.bad.clone(), run.duration_ms()), (None, Some(2000)));
    assert_eq!(store.records(&run.id).await.unwrap(), [Record::GatesPassed]);
    store.mark_bad(&run.id, "it lost orders").await.unwrap();
    assert_eq!(begin(&store).await.version, "v42");
}

async fn an_upgrade_that_fails_changes_nothing(folder: Folder) {
    folder.sql(include_str!("../../migrations/0001_runs.sql")).await;
    folder.sql("INSERT INTO schema_version VALUES (1, 0); CREATE TABLE samples (x TEXT)").await;
    let error = refusal(&folder).await;
    assert_told!(
        folder.told(&error),
        @"the store [PLACE] could not be brought to the format 2; it is what it was"
    );
    folder.sql("DROP TABLE samples").await;
    // `ALTER TABLE runs` comes first in that migration, and would fail if it had been kept.
    folder.open().await;
}

async fn a_newer_store_is_refused_with_what_to_do(folder: Folder) {
    folder.open().await.close().await;
    folder.sql("INSERT INTO schema_version VALUES (99, 0)").await;
    let error = refusal(&folder).await;
    assert!(matches!(error, StoreError::Newer { found: 99, known: 8, .. }));
    assert_told!(
        folder.told(&error),
        @"the store [PLACE] has the format 99, this pipeline knows up to 8; use a newer one"
    );
}

async fn the_database_of_another_program_is_left_alone(folder: Folder) {
    folder.sql("CREATE TABLE schema_version (version TEXT)").await;
    let error = refusal(&folder).await;
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    if folder.is_server() {
        insta::assert_snapshot!(folder.told(&error), @"[PLACE] is the database of another program; name another database, or a schema of its own: add `?options=-csearch_path=SCHEMA`");
    } else {
        insta::assert_snapshot!(folder.told(&error), @"[PLACE] is the database of another program; name another file");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = Folder::new();
    fs::write(folder.path(), "[store]\nurl = \"sqlite:pipeline.toml\"\n".repeat(100)).unwrap();
    let error = refusal(&folder).await;
    insta::assert_snapshot!(
        told(&error, &folder.path()),
        @"[PLACE] is not a database; name another file, or move this one away"
    );
}

#[tokio::test]
async fn a_damaged_file_is_named() {
    let folder = Folder::new();
    let store = folder.open().await;
    let run = begin(&store).await;
    store.close().await;
    // All pages but the first: the file is still known as a database.
    let mut file = fs::OpenOptions::new().write(true).open(folder.path()).unwrap();
    let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; length - 4096]).unwrap();
    drop(file);
    let error = match Store::open(&folder.url(), folder.now.clone()).await {
        Ok(store) => store.records(&run.id).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    insta::assert_snapshot!(
        told(&error, &folder.path()),
        @"the store [PLACE] is damaged; put a copy of it back, or move it away to begin anew"
    );
}

#[tokio::test]
async fn a_directory_and_a_file_in_place_of_a_folder_are_named() {
    let folder = Folder::new();
    fs::create_dir(folder.path()).unwrap();
    insta::assert_snapshot!(
        told(&refusal(&folder).await, &folder.path()),
        @"[PLACE] is a directory, not a store; name a file in it"
    );
    let folder = Folder::new();
    fs::write(folder.path(), "").unwrap();
    let below = folder.path().join("store.db");
    let url = format!("sqlite:{}", below.display());
    let error = Store::open(&url, folder.now.clone()).await.unwrap_err();
    insta::assert_snapshot!(
        told(&error, &below),
        @"the store [PLACE] cannot be created; name another file or mend its folder"
    );
}

/// A user who may do everything is refused nothing: then the store must open.
#[tokio::test]
async fn a_file_that_may_only_be_read_is_refused_at_once() {
    let folder = Folder::new();
    folder.open().await.close().await;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o400)).unwrap();
    let may_write = fs::OpenOptions::new().append(true).open(folder.path()).is_ok();
    match Store::open(&folder.url(), folder.now.clone()).await {
        Ok(_) => assert!(may_write),
        Err(error) => {
            assert!(!may_write);
            insta::assert_snapshot!(
                told(&error, &folder.path()),
                @"the store [PLACE] is read-only; allow this user to write it and its folder"
            );
        }
    }
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_refused_at_once() {
    let folder = Folder::new();
    folder.open().await.close().await;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o000)).unwrap();
    let may_read = fs::File::open(folder.path()).is_ok();
    match Store::open(&folder.url(), folder.now.clone()).await {
        Ok(_) => assert!(may_read),
        Err(error) => {
            assert!(!may_read);
            insta::assert_snapshot!(
                told(&error, &folder.path()),
                @"the store [PLACE] cannot be opened; allow this user to read and write it and its folder"
            );
        }
    }
}

async fn a_run_that_is_not_there_is_named_with_the_file(folder: Folder) {
    let error = folder.open().await.mark_bad(&RunId::new("run-9"), "why").await.unwrap_err();
    assert_told!(
        folder.told(&error),
        @"the store [PLACE] has no run `run-9`; see `pipeline history`"
    );
}

on_both!(
    what_was_stored_is_there_for_the_next_who_opens_it,
    many_may_open_a_new_file_at_once,
    a_store_of_the_first_format_is_brought_up_to_date_with_all_that_is_in_it,
    an_upgrade_that_fails_changes_nothing,
    a_newer_store_is_refused_with_what_to_do,
    the_database_of_another_program_is_left_alone,
    a_run_that_is_not_there_is_named_with_the_file,
);
