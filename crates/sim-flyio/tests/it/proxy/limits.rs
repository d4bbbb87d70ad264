//! Concurrency limits, queueing and connections that are used again.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sim_flyio::SimConfig;

use super::{id, raw::Held, serves};
use crate::stage::{Stage, config, eventually};

/// How long a connection without a request is kept.
const IDLE: Duration = Duration::from_secs(4);

/// A machine without checks, with these limits.
fn limited(tag: &str, concurrency: Value) -> Value {
    let mut config = config(tag);
    config["services"][0]["checks"] = json!([]);
    config["services"][0]["concurrency"] = concurrency;
    config
}

async fn status(stage: &Stage) -> u16 {
    stage.visit("/", &[]).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn requests_above_the_hard_limit_wait_for_their_turn() {
    let queue_timeout = Duration::from_mins(2);
    let stage = Stage::with(SimConfig { queue_timeout, ..SimConfig::default() }).await;
    stage.image("slow", &[("LATENCY_MS", "150")]);
    let limits = json!({ "type": "requests", "soft_limit": 1, "hard_limit": 1 });
    stage.started(limited("slow", limits)).await;
    serves(&stage).await;
    let began = Instant::now();
    let all = tokio::join!(status(&stage), status(&stage), status(&stage));
    assert_eq!(all, (200, 200, 200));
    assert!(began.elapsed() >= Duration::from_millis(450), "one after the other");
}

#[tokio::test]
async fn a_queue_that_does_not_move_ends_with_503() {
    let queue_timeout = Duration::from_millis(200);
    let stage = Stage::with(SimConfig { queue_timeout, ..SimConfig::default() }).await;
    stage.started(limited("v1", json!({ "hard_limit": 1 }))).await;
    let held = Held::begin(&stage).await;
    let lost = stage.sim.ledger("shop").lost.len();
    assert_eq!(status(&stage).await, 503);
    assert!(held.end().await.starts_with("http/1.1 200"));
    let ledger = stage.sim.ledger("shop");
    assert_eq!(ledger.lost.len(), lost + 1);
    assert_eq!(ledger.lost[lost].why, "PR03: all machines are at their hard limit");
}

#[tokio::test]
async fn load_is_spread_over_the_machines_before_any_is_above_its_soft_limit() {
    let stage = Stage::new().await;
    let limits = json!({ "type": "requests", "soft_limit": 2, "hard_limit": 4 });
    for _ in 0..2 {
        stage.started(limited("v1", limits.clone())).await;
    }
    eventually("both machines", async || {
        let (one, two) = tokio::join!(serves(&stage), serves(&stage));
        (one != two).then_some(())
    })
    .await;
    eventually("nothing under way", async || {
        (stage.sim.ledger("shop").in_flight == 0).then_some(())
    })
    .await;
    let (a, b, c, d) = tokio::join!(
        Held::begin(&stage),
        Held::begin(&stage),
        Held::begin(&stage),
        Held::begin(&stage)
    );
    let mut counts = BTreeMap::<String, usize>::new();
    for held in [a, b, c, d] {
        let answer = held.end().await;
        let name = answer.lines().find_map(|line| line.strip_prefix("x-machine-id: ")).unwrap();
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    assert_eq!(counts.values().copied().collect::<Vec<_>>(), [2, 2]);
}

/// Which request of its connection to the machine the next one is.
async fn place_in_connection(stage: &Stage) -> u64 {
    let response = stage.visit("/", &[]).await.unwrap();
    let place = response.headers()["x-request-of-connection"].to_str().unwrap().parse().unwrap();
    response.bytes().await.unwrap();
    place
}

#[tokio::test]
async fn connections_are_used_again_only_where_requests_are_what_counts() {
    for (counted, reused) in [("requests", true), ("connections", false)] {
        let stage = Stage::new().await;
        stage.started(limited("v1", json!({ "type": counted }))).await;
        serves(&stage).await;
        let (first, second) = eventually("two requests without a long pause", async || {
            let began = Instant::now();
            let places = (place_in_connection(&stage).await, place_in_connection(&stage).await);
            (began.elapsed() < IDLE).then_some(places)
        })
        .await;
        assert_eq!(second, if reused { first + 1 } else { 1 }, "{counted}");
    }
}

#[tokio::test]
async fn pooled_connections_to_a_machine_that_was_replaced_harm_nobody() {
    let stage = Stage::new().await;
    let machine = stage.started(limited("v1", json!({ "type": "requests" }))).await;
    serves(&stage).await;
    stage.post(format!("{machine}/restart"), Value::Null).await;
    stage.wait(&machine, "started").await;
    assert_eq!(serves(&stage).await, id(&machine));
    // Until the proxy knew the new port nobody was there; but no request was given to a dead
    // connection.
    let lost = stage.sim.ledger("shop").lost;
    assert!(lost.iter().all(|lost| lost.why.starts_with("PR0")), "{lost:?}");
}
