//! The long poll.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::stage::{Stage, config};

#[tokio::test]
async fn a_wait_ends_as_soon_as_the_state_is_reached() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let (waited, _) = tokio::join!(
        stage.get(format!("{path}/wait?state=stopped&state=failed&timeout=60")),
        stage.post(format!("{path}/stop"), json!({})),
    );
    let (status, reply) = waited;
    let truth = stage.truth(&path);
    assert_eq!((status, &reply["state"]), (200, &json!("stopped")));
    assert_eq!((&reply["ok"], &reply["version"]), (&json!(true), &json!(truth.instance_id)));
    assert_eq!(reply["event_id"].as_str().unwrap().len(), 26);
}

#[tokio::test]
async fn a_wait_that_takes_too_long_is_told_where_the_machine_is() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let began = Instant::now();
    let reply = stage.get(format!("{path}/wait?state=stopped&timeout=1")).await;
    let error =
        "deadline_exceeded: machine failed to reach desired state, stopped, currently started";
    assert_eq!(reply, (408, json!({ "error": error })));
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_version_that_was_replaced_is_waited_for_in_vain() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let old = stage.truth(&path).instance_id;
    let (_, updated) = stage.post(&path, json!({ "config": config("v2") })).await;
    let new = updated["instance_id"].as_str().unwrap();
    let (status, reply) = stage.get(format!("{path}/wait?version={new}&timeout=60")).await;
    assert_eq!((status, &reply["version"]), (200, &json!(new)));
    let (status, reply) = stage.get(format!("{path}/wait?instance_id={old}&timeout=1")).await;
    assert_eq!(status, 408);
    assert!(reply["error"].as_str().unwrap().ends_with("started, currently replaced"), "{reply}");
}

#[tokio::test]
async fn a_destroyed_machine_ends_a_wait_for_it_and_is_unknown_to_later_ones() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let wait = format!("{path}/wait?state=destroyed&timeout=60");
    let (waited, ()) = tokio::join!(stage.get(&wait), async {
        stage.called(&wait).await;
        stage.delete(format!("{path}?kill=true")).await;
    });
    assert_eq!((waited.0, &waited.1["state"]), (200, &json!("destroyed")));
    assert_eq!(stage.get(&wait).await, (404, json!({ "error": "machine not found" })));
}

#[tokio::test]
async fn settled_and_events_after_one_can_be_waited_for() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    stage.wait(&path, "settled").await;
    assert_eq!(stage.truth(&path).state, "stopped");
    stage.act(format!("{path}/start")).await;
    let (_, first) = stage.get(format!("{path}/wait?state=started&timeout=60")).await;
    let event = first["event_id"].as_str().unwrap();
    let again = format!("{path}/wait?state=started&from_event_id={event}");
    assert_eq!(stage.get(format!("{again}&timeout=1")).await.0, 408, "nothing new");
    let (waited, _) = tokio::join!(
        stage.get(format!("{again}&timeout=60")),
        stage.act(format!("{path}/restart")),
    );
    assert_eq!(waited.0, 200);
}

#[tokio::test]
async fn bad_states_versions_and_times_are_refused() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    for query in ["state=replacing", "version=1", "timeout=0", "timeout=61", "timeout=1s"] {
        let (status, reply) = stage.get(format!("{path}/wait?{query}")).await;
        let error = reply["error"].as_str().unwrap();
        assert_eq!(status, 400, "{query}");
        assert!(error.starts_with("invalid_argument: invalid WaitMachineRequest."), "{error}");
    }
}
