//! Rate limits over HTTP.

use serde_json::json;
use sim_flyio::SimConfig;

use crate::stage::{MACHINES, Stage, config};

#[tokio::test]
async fn calls_that_come_too_often_are_refused_and_have_no_effect() {
    let stage = Stage::with(SimConfig { rate_limits: true, ..SimConfig::default() }).await;
    let create = json!({ "config": config("v1"), "skip_launch": true });
    let mut replies = Vec::new();
    for _ in 0..4 {
        replies.push(stage.post(MACHINES, create.clone()).await);
    }
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.0).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert_eq!(replies[3].1, json!({ "error": "resource_exhausted: rate limit exceeded" }));
    assert_eq!(stage.sim.machines("shop").len(), 3);
    assert_eq!(stage.get(MACHINES).await.0, 200, "another action has its own limit");
    let machine = format!("{MACHINES}/{}", stage.sim.machines("shop")[0].id);
    let mut read = Vec::new();
    for _ in 0..10 {
        read.push(stage.get(&machine).await.0);
    }
    assert_eq!(read, [200; 10], "a machine may be read more often");
}

#[tokio::test]
async fn a_simulator_that_is_not_told_to_limits_nothing() {
    let stage = Stage::new().await;
    for _ in 0..20 {
        assert_eq!(stage.get(MACHINES).await.0, 200);
    }
}
