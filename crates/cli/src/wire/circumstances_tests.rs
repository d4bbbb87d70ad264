//! What history and migrations come to.

use pipeline_core::{Finding, RunId};
use store_sql::{Ending, NewRun, RunOutcome};

use super::*;
use crate::commands::deploy::tests::row;

fn new_run(kind: RunKind) -> NewRun {
    NewRun { kind, ..row(RunOutcome::Pass, None).begun }
}

async fn store() -> Store {
    Store::open("sqlite::memory:", || std::time::SystemTime::UNIX_EPOCH).await.unwrap()
}

async fn ran(store: &Store, new: NewRun, conclusion: Conclusion) -> RunId {
    let row = store.begin(&new).await.unwrap();
    let outcome = match conclusion {
        Conclusion::Succeeded => RunOutcome::Pass,
        Conclusion::RolledBack => RunOutcome::Rollback,
        Conclusion::Stuck => RunOutcome::Stuck,
        Conclusion::Rejected | Conclusion::Left => RunOutcome::Fail,
    };
    let ending = Ending { conclusion: Some(conclusion), outcome, exit_code: 0 };
    store.finish(&row.id, &ending).await.unwrap();
    row.id
}

fn ahead(image: Option<&str>) -> Ahead<'_> {
    Ahead { kind: RunKind::Deploy, target: "flyio:shop", image, before: None }
}

async fn bad(store: &Store) -> Option<String> {
    let row = serving(store, ahead(None)).await.unwrap()?;
    back_to_bad(store, &row).await.unwrap().map(|it| format!("{}: {}", it.version, it.why))
}

#[tokio::test]
async fn the_release_that_serves_is_the_newest_that_was_left_in_place() {
    let store = store().await;
    assert_eq!(bad(&store).await, None);
    let one = ran(&store, new_run(RunKind::Deploy), Conclusion::Succeeded).await;
    store.mark_bad(&one, "slow").await.unwrap();
    assert_eq!(bad(&store).await.as_deref(), Some("v1: slow"));
    // A release that went back, or never came, is not what serves, whatever is said of it.
    let two = ran(&store, new_run(RunKind::Deploy), Conclusion::RolledBack).await;
    store.mark_bad(&two, "smoke refused").await.unwrap();
    ran(&store, new_run(RunKind::Deploy), Conclusion::Rejected).await;
    assert_eq!(bad(&store).await.as_deref(), Some("v1: slow"));
    ran(&store, new_run(RunKind::Deploy), Conclusion::Left).await;
    assert_eq!(bad(&store).await, None);
    // A rollback that brought a bad one back: that one serves.
    let back = NewRun { restores: Some(one), ..new_run(RunKind::Rollback) };
    ran(&store, back, Conclusion::Succeeded).await;
    assert_eq!(bad(&store).await.as_deref(), Some("v1: slow"));
    let resumed = Ahead { before: Some(4), ..ahead(None) };
    assert_eq!(serving(&store, resumed).await.unwrap().map(|it| it.number), Some(1));
    ran(&store, new_run(RunKind::Deploy), Conclusion::Stuck).await;
    assert_eq!(bad(&store).await, None, "nobody knows what serves");
}

#[tokio::test]
async fn an_image_whose_last_run_is_marked_bad_is_told_for_sure_by_its_digest_and_else_by_its_name()
{
    let store = store().await;
    let told = async |image: &str| {
        let none = Circumstances::default();
        let known = bad_again(&store, ahead(Some(image)), none).await.unwrap();
        known.bad_again.map(|it| it.version).into_iter().chain(known.unknown).collect::<Vec<_>>()
    };
    let brought = |image: &str| NewRun { image: Some(image.into()), ..new_run(RunKind::Deploy) };
    ran(&store, brought("shop:1@sha256:aa"), Conclusion::Succeeded).await;
    let bad = ran(&store, brought("shop:2@sha256:bb"), Conclusion::RolledBack).await;
    store.mark_bad(&bad, "smoke refused").await.unwrap();
    assert_eq!(told("shop:2@sha256:bb").await, ["v2"]);
    assert_eq!(told("mirror/shop@sha256:bb").await, ["v2"]);
    let by_name = "v2 brought an image of this name, and is marked bad (smoke refused)";
    assert_eq!(told("shop:2").await, [by_name]);
    for other in ["shop:1", "shop:1@sha256:aa", "shop:2@sha256:cc", "shop", "shop:22"] {
        assert_eq!(told(other).await, [""; 0], "{other}");
    }
    // Refused at a gate, and left in place although it was refused: still bad.
    ran(&store, brought("shop:2@sha256:bb"), Conclusion::Rejected).await;
    let left = ran(&store, brought("shop:2@sha256:bb"), Conclusion::Left).await;
    store.mark_bad(&left, "smoke refused").await.unwrap();
    assert_eq!(told("shop:2@sha256:bb").await, ["v4"]);
    // Somebody deployed it again, and all was well.
    ran(&store, brought("shop:2@sha256:bb"), Conclusion::Succeeded).await;
    assert_eq!(told("shop:2@sha256:bb").await, [""; 0]);
}

#[test]
fn migrations_block_or_warn_and_what_nobody_can_read_only_warns() {
    let found = [
        Finding::warning("it cannot be read").in_file("2_b.exs"),
        Finding::error("it has up/0 and no down/0").at("1_a.exs", 3),
    ];
    let blocked = sorted(&found, Irreversible::Block, Circumstances::default());
    assert_eq!(blocked.irreversible, ["1_a.exs:3: it has up/0 and no down/0"]);
    assert_eq!(blocked.unknown, ["2_b.exs: it cannot be read"]);
    let warned = sorted(&found, Irreversible::Warn, Circumstances::default());
    assert_eq!(warned.irreversible, [""; 0]);
    assert_eq!(
        warned.unknown,
        ["1_a.exs:3: it has up/0 and no down/0", "2_b.exs: it cannot be read"]
    );
}
