//! Who may change what, and who is told.

use std::time::Duration;

use pipeline_core::{Deployer, FaultKind};
use serde_json::json;
use sim_flyio::{Phase, Verdict};
use target_flyio::Strategy;
use tokio::time::Instant;

use crate::run::{Course, context};
use crate::world::World;

async fn lease(world: &World, id: &str, ttl: u64) -> String {
    let reply =
        world.call("POST", &format!("/machines/{id}/lease"), Some(json!({"ttl": ttl}))).await;
    reply["data"]["nonce"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_somebody_else_leased_stops_the_deploy_before_the_first_change() {
    let world = World::with(2).await;
    let before = world.live();
    lease(&world, &before[1].id, 300).await;
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let changes = world.changes().len();
    let fault = course.next(&target).await.unwrap_err();
    let wanted = format!("machine {} is leased by ", before[1].id);
    assert!(
        fault.message().starts_with(&wanted) && fault.message().contains(" until 20"),
        "{fault}"
    );
    assert_eq!(fault.kind(), FaultKind::Permanent);
    assert!(fault.next_step().unwrap().contains("fly machine leases clear"));
    assert_eq!(world.changes().len(), changes);
    let held: Vec<bool> = world.live().iter().map(|it| it.lease.is_some()).collect();
    assert_eq!(held, [false, true], "ours were given back");
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_a_run_that_died_is_waited_out() {
    let world = World::inside(2).await;
    lease(&world, &world.live()[0].id, 20).await;
    let (target, began) = (world.target(Strategy::Rolling, "v2"), Instant::now());
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    assert!(began.elapsed() > Duration::from_secs(19), "it was waited for");
    world.assert_new(2, "v2");
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_somebody_alive_is_not() {
    let world = World::inside(1).await;
    let id = world.live()[0].id.clone();
    let nonce = lease(&world, &id, 20).await;
    let mut other = tokio::task::JoinSet::new();
    let (url, token) = (world.sim.api_url(), world.sim.token().to_owned());
    other.spawn(async move {
        let http = reqwest::Client::new();
        loop {
            let url = format!("{url}/v1/apps/shop/machines/{id}/lease?ttl=20");
            let request =
                http.post(url).bearer_auth(&token).header("fly-machine-lease-nonce", &nonce);
            let _ = request.send().await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    });
    let target = world.target(Strategy::Rolling, "v2");
    let began = Instant::now();
    let fault = Course::begin(&target).await.unwrap().next(&target).await.unwrap_err();
    assert!(fault.message().contains("is leased by"), "{fault}");
    assert!(began.elapsed() < Duration::from_secs(20), "it was seen to be alive");
}

#[tokio::test(start_paused = true)]
async fn leases_are_kept_fresh_between_stages_and_given_back_at_the_end() {
    let world = World::inside(2).await;
    let target = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    let expiry = |world: &World| -> Option<Vec<i64>> {
        world.live().iter().map(|it| it.lease.as_ref().map(|it| it.expires_at)).collect()
    };
    let first = expiry(&world).expect("all four are leased");
    assert_eq!(first.len(), 4);
    world
        .until(|world| {
            expiry(world).is_some_and(|now| now.iter().zip(&first).all(|(a, b)| a > &(b + 2)))
        })
        .await;
    target.finish(None, &context()).await;
    assert!(world.live().iter().all(|it| it.lease.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_ends_all_writing() {
    let world = World::inside(2).await;
    let target = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    // From now on every refresh is answered as if somebody else had taken the machine over.
    world.sim.on_api_call(|call| {
        if call.method == "POST" && call.path.ends_with("/lease") && call.phase == Phase::Before {
            let text = "aborted: machine ID x lease currently held by eve@tokens.fly.io, expires at 2999-01-01T00:00:00Z";
            return Verdict::Answer { status: 409, body: json!({"error": text}) };
        }
        Verdict::Proceed
    });
    let refused = || world.sim.journal().iter().filter(|it| it.fault.is_some()).count();
    world.until(|_| refused() >= 4).await;
    let changes = world.changes().len();
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("eve@tokens.fly.io until 2999-01-01"), "{fault}");
    assert_eq!(world.changes().len(), changes);
}
