//! Updates with real processes.

use serde_json::json;

use crate::stage::{Stage, config, reference};

#[tokio::test]
async fn an_update_answers_while_replacing_and_ends_with_the_new_process() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let before = stage.truth(&path);
    let (status, reply) = stage.post(&path, json!({ "config": config("v2") })).await;
    assert_eq!((status, &reply["state"]), (200, &json!("replacing")));
    let version = reply["instance_id"].as_str().unwrap();
    assert!(version > before.instance_id.as_str(), "versions grow");
    let wait = format!("{path}/wait?state=started&version={version}&timeout=60");
    assert_eq!(stage.get(wait).await.0, 200);
    let after = stage.truth(&path);
    assert_eq!((after.state.as_str(), after.instance_id.as_str()), ("started", version));
    assert!(after.image.starts_with("registry.fly.io/shop:v2@sha256:"), "{}", after.image);
    assert_ne!(after.pid, before.pid);
    let (_, versions) = stage.get(format!("{path}/versions")).await;
    let listed = [&versions[0]["version"], &versions[1]["version"]];
    assert_eq!(listed, [&json!(version), &json!(before.instance_id)]);
    assert_eq!(versions[1]["user_config"], config("v1"));
    assert_eq!(stage.event(&path, "exit").await["request"]["exit_event"]["requested_stop"], true);
}

#[tokio::test]
async fn concurrent_writers_with_a_version_lose_no_update() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let version = stage.truth(&path).instance_id;
    let body = json!({ "config": config("v2"), "current_version": version });
    let (one, two) = tokio::join!(stage.post(&path, body.clone()), stage.post(&path, body.clone()));
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_leaves_the_old_process_and_says_nothing() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let before = stage.truth(&path);
    let mut broken = config("v1");
    broken["image"] = json!(reference("gone"));
    let (status, reply) = stage.post(&path, json!({ "config": broken })).await;
    assert_eq!((status, &reply["state"]), (200, &json!("replacing")));
    stage.wait(&path, "started").await;
    let after = stage.truth(&path);
    assert_eq!((&after.instance_id, after.pid), (&before.instance_id, before.pid));
    assert_eq!((&after.config, &after.image), (&before.config, &before.image));
    let version = reply["instance_id"].as_str().unwrap();
    let (status, missed) = stage.get(format!("{path}/wait?version={version}&timeout=1")).await;
    assert_eq!(status, 408, "{missed}");
}

#[tokio::test]
async fn a_stopped_machine_gets_its_new_version_and_stays_stopped() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    stage.wait(&path, "stopped").await;
    let (_, reply) = stage.post(&path, json!({ "config": config("v2") })).await;
    let version = reply["instance_id"].as_str().unwrap();
    let wait = format!("{path}/wait?state=started&state=stopped&version={version}&timeout=60");
    assert_eq!(stage.get(wait).await.1["state"], "stopped");
    assert_eq!(stage.truth(&path).pid, None);
    let (status, reply) = stage.act(format!("{path}/start")).await;
    assert_eq!((status, &reply["previous_state"]), (200, &json!("stopped")));
    stage.wait(&path, "started").await;
    assert!(stage.truth(&path).image.contains(":v2@"));
}
