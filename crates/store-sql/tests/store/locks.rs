//! The lock on a target: one holder, expiry, take-over, fencing numbers.

use std::time::Duration;

use crate::common::{ALMOST_TTL, Folder, TARGET, TTL, assert_told, on_both, owner};
use jiff::Timestamp;
use store_sql::{Lock, Owner, Store, StoreError};

async fn lock(store: &Store, who: &str, pid: u32) -> Result<Lock, StoreError> {
    store.lock(TARGET, &owner(who, pid), TTL).await
}

async fn a_held_lock_says_who_has_it_since_when_and_until_when(folder: Folder) {
    let (ada, bob) = (folder.open().await, folder.open().await);
    let held = lock(&ada, "ada", 1).await.unwrap();
    let error = lock(&bob, "bob", 2).await.unwrap_err();
    assert_told!(error, @"flyio:shop is locked by ada on build-7 (process 1, run run-1) since 2026-03-25T14:32:00Z, until 2026-03-25T14:32:30Z; wait for it, or resume that run");
    let holder = bob.holder(TARGET).await.unwrap().unwrap();
    assert_eq!((holder.owner, holder.fence), (owner("ada", 1), held.fence()));
    assert_eq!(bob.holder("flyio:other").await.unwrap(), None);
    // Another target is another lock, and the same owner does not get a lock twice.
    bob.lock("flyio:other", &owner("bob", 2), TTL).await.unwrap();
    assert!(matches!(lock(&ada, "ada", 1).await, Err(StoreError::Held { .. })));
}

async fn a_released_lock_is_free_and_its_number_counts_on(folder: Folder) {
    let store = folder.open().await;
    for fence in 1..=3 {
        let lock = lock(&store, "ada", 1).await.unwrap();
        assert_eq!(lock.fence(), fence);
        lock.release().await.unwrap();
        assert_eq!(store.holder(TARGET).await.unwrap(), None);
    }
}

async fn an_expired_lock_goes_to_the_next_and_the_old_holder_learns_who_has_it(folder: Folder) {
    let (ada, bob) = (folder.open().await, folder.open().await);
    let old = lock(&ada, "ada", 1).await.unwrap();
    folder.now.advance(ALMOST_TTL);
    assert!(lock(&bob, "bob", 2).await.is_err());
    folder.now.advance(Duration::from_millis(1));
    assert_eq!(bob.holder(TARGET).await.unwrap(), None);
    let new = lock(&bob, "bob", 2).await.unwrap();
    assert_eq!((old.fence(), new.fence()), (1, 2));
    let error = old.heartbeat().await.unwrap_err();
    assert_told!(error, @"the lock on flyio:shop is lost: bob on build-7 (process 2, run run-1) holds it since 2026-03-25T14:32:30Z, until 2026-03-25T14:33:00Z; start again once it is free");
    // Giving back what one no longer has does not take it from who has it.
    assert!(matches!(old.release().await, Err(StoreError::Lost { holder: Some(_), .. })));
    new.heartbeat().await.unwrap();
}

async fn a_heartbeat_renews_also_what_expired_and_nobody_took(folder: Folder) {
    let store = folder.open().await;
    let lock = lock(&store, "ada", 1).await.unwrap();
    for passed in [TTL / 2, TTL * 5] {
        folder.now.advance(passed);
        lock.heartbeat().await.unwrap();
        let until = store.holder(TARGET).await.unwrap().unwrap().until;
        let now = Timestamp::try_from(pipeline_core::Clock::now(&folder.now)).unwrap();
        assert_eq!(until, now + TTL);
    }
}

async fn only_a_holder_that_is_dead_for_certain_is_replaced_before_it_expires(folder: Folder) {
    let store = folder.open().await;
    let _dead = lock(&store, "ada", 1).await.unwrap();
    let bob = owner("bob", 2);
    let elsewhere = Owner { host: "laptop".into(), machine: Some("boot-3".into()), ..bob.clone() };
    let alive = store.lock_or_take_over(TARGET, &bob, TTL, |_| true).await;
    assert!(matches!(alive, Err(StoreError::Held { .. })));
    // What a process number means on another host, nobody here knows; nor in another container or on a laptop of the same name.
    let namesake = Owner { machine: Some("boot-2".into()), ..bob.clone() };
    for other in [elsewhere, namesake] {
        let unknown = store.lock_or_take_over(TARGET, &other, TTL, |_| false).await;
        assert!(matches!(unknown, Err(StoreError::Held { .. })), "{other:?}");
    }
    // A laptop is called otherwise in every network, and is the same.
    let renamed = Owner { host: "build-7.local".into(), ..bob.clone() };
    assert!(store.is_dead(&owner("ada", 1), &renamed, |_| false));
    // Where nobody knows which machine it is, the name counts in a file only.
    let somewhere = Owner { machine: None, ..bob.clone() };
    let dead = store.is_dead(&owner("ada", 1), &somewhere, |_| false);
    assert_eq!(dead, !folder.is_server());
    let taken = store.lock_or_take_over(TARGET, &bob, TTL, |pid| pid != 1).await.unwrap();
    assert_eq!(taken.fence(), 2);
    let late = store.lock_or_take_over(TARGET, &owner("eve", 3), TTL, |pid| pid != 1).await;
    assert!(matches!(late, Err(StoreError::Held { owner, .. }) if owner.who == "bob"));
}

async fn a_lock_that_is_kept_outlives_its_time_until_it_is_lost(folder: Folder) {
    let (ada, bob) = (folder.open().await, folder.open().await);
    let ttl = Duration::from_millis(30);
    let lock = ada.lock(TARGET, &owner("ada", 1), ttl).await.unwrap();
    let until = || async { bob.holder(TARGET).await.unwrap().map(|it| it.until) };
    let taken = async {
        let first = until().await;
        folder.now.advance(ttl / 2);
        // The next heartbeat is seen, not waited for.
        while until().await == first {
            tokio::task::yield_now().await;
        }
        folder.now.advance(ttl * 2);
        loop {
            match bob.lock(TARGET, &owner("bob", 2), ttl).await {
                Ok(lock) => break lock,
                Err(StoreError::Held { .. }) => folder.now.advance(ttl * 2),
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    let lost = async {
        loop {
            match lock.keep().await {
                // One beat that was slow, of so short a time.
                StoreError::Unreachable { .. } | StoreError::Busy { .. } => {}
                lost => break lost,
            }
        }
    };
    let both = async { tokio::join!(lost, taken) };
    let (lost, _taken) = tokio::time::timeout(Duration::from_mins(2), both).await.unwrap();
    assert!(
        matches!(&lost, StoreError::Lost { holder: Some(it), .. } if it.owner.who == "bob"),
        "{lost:?}"
    );
}

async fn of_many_who_want_a_lock_one_gets_it(folder: Folder) {
    let mut tasks = tokio::task::JoinSet::new();
    for pid in 0..8 {
        let store = folder.open().await;
        tasks.spawn(async move { lock(&store, "ada", pid).await.map(|lock| lock.fence()).ok() });
    }
    let got: Vec<i64> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(got, [1]);
}

on_both!(
    a_held_lock_says_who_has_it_since_when_and_until_when,
    a_released_lock_is_free_and_its_number_counts_on,
    an_expired_lock_goes_to_the_next_and_the_old_holder_learns_who_has_it,
    a_heartbeat_renews_also_what_expired_and_nobody_took,
    only_a_holder_that_is_dead_for_certain_is_replaced_before_it_expires,
    a_lock_that_is_kept_outlives_its_time_until_it_is_lost,
    of_many_who_want_a_lock_one_gets_it,
);
