//! Rate limits over HTTP.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sim_flyio::SimConfig;

use crate::stage::{MACHINES, Reply, Stage, config, eventually};

impl Stage {
    /// One that refuses calls that come too often, and how it answered so many calls within one
    /// second: in more, one more of them is allowed.
    pub(crate) async fn flooded(
        calls: usize,
        (path, body): (&str, Option<Value>),
    ) -> (Self, Vec<Reply>) {
        eventually("so many calls within a second", async || {
            let stage = Self::with(SimConfig { rate_limits: true, ..SimConfig::default() }).await;
            let method = if body.is_some() { Method::POST } else { Method::GET };
            let mut replies = Vec::new();
            let began = Instant::now();
            for _ in 0..calls {
                replies.push(stage.call(method.clone(), path, body.clone()).await);
            }
            (began.elapsed() < Duration::from_secs(1)).then_some((stage, replies))
        })
        .await
    }
}

#[tokio::test]
async fn calls_that_come_too_often_are_refused_and_have_no_effect() {
    let create = json!({ "config": config("v1"), "skip_launch": true });
    let (stage, replies) = Stage::flooded(4, (MACHINES, Some(create))).await;
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
