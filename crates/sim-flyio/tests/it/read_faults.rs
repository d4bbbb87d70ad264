//! Faults of what is read: what was, what is not yet, what is cut, and what another clock says.

use serde_json::{Value, json};

use crate::call_faults::idle;
use crate::stage::{MACHINES, Stage, config, eventually};

#[tokio::test]
async fn a_list_is_empty_once() {
    let (stage, _) = idle().await;
    stage.inject("list@1=empty");
    assert_eq!(stage.get(MACHINES).await, (200, json!([])));
    assert_eq!(stage.get(MACHINES).await.1.as_array().unwrap().len(), 1);
    stage.inject("app-list@1=empty");
    assert_eq!(stage.get("/v1/apps").await.1, json!({ "total_apps": 0, "apps": [] }));
    stage.assert_struck("list@1=empty", 1);
}

#[tokio::test]
async fn a_stale_read_and_a_stale_list_show_what_was_and_writes_see_what_is() {
    let (stage, path) = idle().await;
    stage.inject("get@1-2=stale:1h");
    stage.inject("list@1=stale:1h");
    let before = stage.truth(&path).instance_id;
    stage.post(&path, json!({ "config": config("v2") })).await;
    stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    let now = stage.truth(&path).instance_id;
    assert_ne!(before, now);
    let (_, list) = stage.get(MACHINES).await;
    assert_eq!((list.as_array().unwrap().len(), &list[0]["instance_id"]), (1, &json!(before)));
    assert_eq!(stage.get(&path).await.1["instance_id"], before.as_str());
    let changed = stage.post(format!("{path}/metadata/colour"), json!({ "value": "blue" })).await;
    assert_eq!(changed.0, 204);
    let stale = stage.get(&path).await.1;
    assert_eq!(
        (&stale["instance_id"], &stale["config"]["metadata"]["colour"]),
        (&json!(before), &Value::Null)
    );
    let fresh = stage.get(&path).await.1;
    assert_eq!(
        (&fresh["instance_id"], &fresh["config"]["metadata"]["colour"]),
        (&json!(now), &json!("blue"))
    );
    stage.assert_struck("get@1-2=stale:3600s", 2);
    stage.assert_struck("list@1=stale:3600s", 1);
}

#[tokio::test]
async fn an_answer_is_cut_in_the_middle() {
    let (stage, path) = idle().await;
    stage.inject("get@1=malformed");
    let url = format!("{}{path}", stage.sim.api_url());
    let request = crate::stage::client().get(url).bearer_auth(stage.sim.token());
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let text = response.text().await.unwrap();
    assert!(text.starts_with("{\"") && serde_json::from_str::<Value>(&text).is_err(), "{text}");
    stage.assert_struck("get@1=malformed", 1);
}

#[tokio::test]
async fn the_clock_of_the_platform_is_another_one() {
    let (stage, path) = idle().await;
    stage.inject("lease@1=skew:-1h");
    let (_, lease) = stage.act(format!("{path}/lease?ttl=60")).await;
    let told = lease["data"]["expires_at"].as_i64().unwrap();
    assert_eq!(told, stage.truth(&path).lease.unwrap().expires_at - 3600);
    stage.assert_struck("lease@1=skew:-3600s", 1);
    stage.inject("get=skew:+24h");
    let url = format!("{}{path}", stage.sim.api_url());
    let request = crate::stage::client().get(url).bearer_auth(stage.sim.token());
    let response = request.send().await.unwrap();
    let date = response.headers()["date"].to_str().unwrap().to_owned();
    let shown: Value = response.json().await.unwrap();
    let day = |text: &str| text[8..10].parse::<u32>().unwrap();
    let here = stage.sim.journal()[0].at.clone();
    assert_ne!(day(&here), day(shown["created_at"].as_str().unwrap()));
    assert_eq!(date[5..7].parse::<u32>().unwrap(), day(shown["updated_at"].as_str().unwrap()));
}

#[tokio::test]
async fn a_new_machine_is_not_found_at_first() {
    let stage = Stage::new().await;
    stage.inject("create@1=lag");
    stage.inject("create@2=lag:3600s");
    stage.inject("create@3=lag:400ms");
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    let statuses = (stage.get(&path).await, stage.get(&path).await.0);
    assert_eq!(statuses, ((404, json!({ "error": "machine not found" })), 200));
    let later = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    assert_eq!(stage.get(MACHINES).await.1.as_array().unwrap().len(), 1);
    assert_eq!(stage.get(&later).await.0, 404);
    let third = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    eventually("the third", async || (stage.get(&third).await.0 == 200).then_some(())).await;
    assert_eq!(stage.get(MACHINES).await.1.as_array().unwrap().len(), 2);
    stage.assert_struck("create@1=lag", 1);
    stage.assert_struck("create@2=lag:3600s", 1);
    stage.assert_struck("create@3=lag:400ms", 1);
    assert!(stage.named("lag") >= 3, "every call that was answered wrongly says so");
}
