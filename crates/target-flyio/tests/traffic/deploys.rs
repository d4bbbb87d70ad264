//! Deploys and their ways back, as users see them.

use target_flyio::Strategy;
use tokio::time::{Instant, sleep};

use crate::run::Course;
use crate::shop::{PROBE, PROPAGATION, Shop};
use crate::users::Users;

/// Deploys v2 to `count` machines under load; refused after so many stages, or never.
async fn deploy(strategy: Strategy, count: usize, refused_after: Option<usize>) {
    let real = std::time::Instant::now();
    let shop = Shop::with(count).await;
    shop.calls_take_their_time();
    let users = Users::come(shop.address);
    sleep(PROBE * 2).await;
    let target = shop.target(strategy);
    let began = Instant::now();
    let mut course = Course::begin(&target).await.unwrap();
    for _ in 0..refused_after.unwrap_or_default() {
        course.next(&target).await.unwrap();
    }
    let tag = if refused_after.is_some() {
        course.restore(&target).await.unwrap();
        "v1"
    } else {
        course.finish(&target).await.unwrap();
        "v2"
    };
    let took = began.elapsed();
    sleep(PROPAGATION + PROBE).await;
    let account = users.go();
    println!(
        "{strategy:?} of {count}, refused after {refused_after:?} stages: {took:.1?} of virtual time in \
         {:.1?}; {} requests, {} long, {} messages, {} sockets reopened, {} lost, longest gap {:?}",
        real.elapsed(),
        account.answered,
        account.long,
        account.messages,
        account.reopened,
        account.lost.len(),
        account.gap,
    );
    shop.assert_serves(count, tag);
    shop.assert_unnoticed(&account);
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_a_rolling_deploy_of_three_machines() {
    deploy(Strategy::Rolling, 3, None).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_a_rolling_deploy_of_five_machines() {
    deploy(Strategy::Rolling, 5, None).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_a_canary_deploy() {
    deploy(Strategy::Canary, 3, None).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_a_bluegreen_deploy() {
    deploy(Strategy::BlueGreen, 3, None).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_that_three_rolled_machines_go_back() {
    deploy(Strategy::Rolling, 3, Some(1)).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_that_five_rolled_machines_go_back() {
    deploy(Strategy::Rolling, 5, Some(1)).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_that_a_canary_goes_back() {
    deploy(Strategy::Canary, 3, Some(1)).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_that_what_followed_a_canary_goes_back() {
    deploy(Strategy::Canary, 3, Some(2)).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_that_green_goes_before_it_had_traffic() {
    deploy(Strategy::BlueGreen, 3, Some(1)).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_that_the_traffic_goes_back_to_blue() {
    deploy(Strategy::BlueGreen, 3, Some(2)).await;
}
