//! Many writers at once.

use serde_json::{Value, json};

use crate::stage::{Stage, config};

const WRITERS: usize = 6;
const EACH: usize = 5;

fn counting(count: u64) -> Value {
    let mut config = config("v1");
    config["env"] = json!({ "COUNT": count.to_string() });
    config
}

fn count(config: &Value) -> u64 {
    config["env"]["COUNT"].as_str().unwrap().parse().unwrap()
}

/// Reads, adds one and writes, until it was let through so often; counts the refusals.
async fn write(stage: &Stage, path: &str) -> usize {
    let (mut written, mut refused) = (0, 0);
    while written < EACH {
        let (_, read) = stage.get(path).await;
        let config = counting(count(&read["config"]) + 1);
        let body = json!({ "config": config, "current_version": read["instance_id"] });
        match stage.post(path, body).await {
            (200, _) => written += 1,
            (409, _) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    refused
}

#[tokio::test]
async fn no_update_is_lost_among_concurrent_writers() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": counting(0), "skip_launch": true })).await;
    stage.wait(&path, "stopped").await;
    let writers = (0..WRITERS).map(|_| write(&stage, &path));
    let refused: usize = futures::future::join_all(writers).await.into_iter().sum();
    assert!(refused > 0, "they really were in each other's way");
    assert_eq!(count(&stage.truth(&path).config), (WRITERS * EACH) as u64);
    let (_, versions) = stage.get(format!("{path}/versions")).await;
    assert_eq!(versions.as_array().unwrap().len(), WRITERS * EACH + 1);
}
