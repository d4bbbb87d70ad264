//! How long it takes from a verdict until users have the old release again: by what the deployer reports,
//! and by what users got.

use std::collections::BTreeMap;
use std::time::Duration;

use pipeline_core::Deployment;
use target_flyio::Strategy;
use tokio::time::{Instant, sleep};

use crate::run::Course;
use crate::shop::{BOOT, CALL, ENDING, GRACE, INTERVAL, PROBE, PROPAGATION, Shop};
use crate::users::{Account, LONG, RATE, Users};

/// What a way back was like.
struct Back {
    reported: Duration,
    /// From the beginning of the way back to the last request that the refused release answered.
    seen: Duration,
    took: Duration,
}

async fn back(strategy: Strategy, count: usize, stages: usize) -> Back {
    let shop = Shop::with(count).await;
    shop.calls_take_their_time();
    let target = shop.target(strategy);
    let mut course = Course::begin(&target).await.unwrap();
    for _ in 0..stages {
        course.next(&target).await.unwrap();
    }
    let users = Users::come(shop.address);
    sleep(PROBE * 2).await;
    let began = Instant::now();
    let restored = course.restore(&target).await.unwrap();
    let took = began.elapsed();
    sleep(PROPAGATION + PROBE).await;
    let account = users.go();
    shop.assert_serves(count, "v1");
    shop.assert_unnoticed(&account);
    let back = Back { reported: reported(&restored), seen: seen(&account, began), took };
    println!(
        "{strategy:?} of {count} back after {stages} stages: traffic back after {:.2?} as reported, {:.2?} \
         as seen, all after {:.1?}; {} requests",
        back.reported, back.seen, back.took, account.answered,
    );
    back
}

fn reported(restored: &Deployment) -> Duration {
    Duration::from_millis(restored.numbers["traffic_back_ms"])
}

fn seen(account: &Account, began: Instant) -> Duration {
    account.last["v2"] - began
}

#[tokio::test(start_paused = true)]
async fn traffic_is_back_at_blue_after_a_second_and_one_propagation() {
    let back = back(Strategy::BlueGreen, 3, 2).await;
    let most = PROPAGATION + Duration::from_secs(1);
    assert!(back.seen <= most && back.reported <= most, "{:?} {:?}", back.seen, back.reported);
}

#[tokio::test(start_paused = true)]
async fn ten_rolled_machines_have_their_traffic_back_after_one_batch_and_are_back_after_two() {
    let back = back(Strategy::Rolling, 10, 1).await;
    // Out of the pool and seen to be; ended, with the longest request; up again, and well.
    let drain = PROPAGATION + Duration::from_secs(2);
    let batch = drain + LONG + ENDING + BOOT + GRACE + INTERVAL;
    let calls = CALL * 25;
    let most = batch + PROPAGATION + calls;
    assert!(back.seen <= most && back.reported <= most, "{:?} {:?}", back.seen, back.reported);
    assert!(back.took <= batch * 2 + PROPAGATION + calls * 2, "{:?}", back.took);
}

/// The proxy learns that the new machines are out, and not that the old ones are in.
#[tokio::test(start_paused = true)]
async fn a_turn_of_which_the_proxy_learns_half_is_taken_back_after_ten_seconds_of_silence() {
    let shop = Shop::with(3).await;
    shop.calls_take_their_time();
    let target = shop.target(Strategy::BlueGreen);
    let mut course = Course::begin(&target).await.unwrap();
    for _ in 0..2 {
        course.next(&target).await.unwrap();
    }
    let users = Users::come(shop.address);
    sleep(PROBE * 2).await;
    shop.sim.inject("uncordon@1-3=unseen".parse().unwrap());
    let restored = course.restore(&target).await.unwrap();
    sleep(PROPAGATION + PROBE).await;
    let account = users.go();
    let mut kinds = BTreeMap::<&str, usize>::new();
    for lost in &account.lost {
        *kinds.entry(lost).or_default() += 1;
    }
    println!(
        "half a turn: nobody was answered for {:.2?}, lost: {kinds:?}; traffic back after {:.1?}",
        account.gap,
        reported(&restored),
    );
    shop.assert_serves(3, "v1");
    // What is asked in that time is lost, and nothing else.
    assert!(account.lost.iter().all(|it| it.ends_with("answered with 503")), "{kinds:?}");
    let short = u64::try_from(kinds["answered with 503"]).unwrap();
    assert!(short <= u64::from(RATE) * (account.gap.as_secs() + 1), "{kinds:?}");
    // The silence that is noticed, and then what the proxy takes to learn that somebody is there.
    let most = Duration::from_secs(10) + PROPAGATION + Duration::from_secs(1);
    assert!(account.gap <= most, "{:?}", account.gap);
    assert!(account.gap > PROPAGATION, "nothing was put to the test: {:?}", account.gap);
}
