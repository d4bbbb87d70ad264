//! Volumes, secrets, pages of lists and the end of apps, over HTTP.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use sim_flyio::Image;

use crate::stage::{MACHINES, Stage, client, config, eventually, reference};

#[tokio::test]
async fn secrets_reach_the_program_when_it_boots() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let printed = async || {
        let body = json!({ "command": ["sh", "-c", "echo $GREETING"] });
        stage.post(format!("{path}/exec"), body).await.1["stdout"].clone()
    };
    let body = json!({ "values": { "GREETING": "hello" } });
    let (status, written) = stage.post("/v1/apps/shop/secrets", body).await;
    assert_eq!((status, &written["version"]), (200, &json!(1)));
    assert!(!written.to_string().contains("hello"));
    assert_eq!(printed().await, "\n", "not before");
    stage.act(format!("{path}/restart")).await;
    stage.wait(&path, "started").await;
    assert_eq!(printed().await, "hello\n");
    let (_, secret) = stage.get("/v1/apps/shop/secrets/GREETING?show_secrets=true").await;
    assert_eq!(secret["value"], "hello");
    let (_, machine) = stage.get(&path).await;
    assert!(!machine.to_string().contains("hello"), "a machine does not show them");
}

#[tokio::test]
async fn a_machine_that_wants_later_secrets_starts_when_they_are_written() {
    let stage = Stage::new().await;
    let body = json!({ "config": config("v1"), "min_secrets_version": 1 });
    let path = stage.create(body).await;
    let early = stage.get(format!("{path}/wait?state=started&timeout=1")).await;
    assert_eq!(early.0, 408);
    let (status, _) = stage.post("/v1/apps/shop/secrets/A", json!({ "value": "a" })).await;
    assert_eq!(status, 201);
    stage.wait(&path, "started").await;
}

/// A page of machines: their ids, and the cursor of the next one.
async fn page(stage: &Stage, query: &str) -> (Vec<String>, Option<String>) {
    let url = format!("{}{MACHINES}?{query}", stage.sim.api_url());
    let reply = client().get(url).bearer_auth(stage.sim.token()).send().await.unwrap();
    let cursor = reply.headers().get("fly-next-cursor");
    let cursor = cursor.map(|cursor| cursor.to_str().unwrap().to_owned());
    let machines: Value = reply.json().await.unwrap();
    let ids = machines.as_array().unwrap().iter();
    (ids.map(|machine| machine["id"].as_str().unwrap().to_owned()).collect(), cursor)
}

#[tokio::test]
async fn lists_come_in_pages_to_those_who_ask_for_them() {
    let stage = Stage::new().await;
    for _ in 0..5 {
        stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    }
    let (all, none) = page(&stage, "").await;
    assert_eq!((all.len(), none), (5, None));
    let (first, cursor) = page(&stage, "limit=3").await;
    let query = format!("limit=3&cursor={}", cursor.unwrap());
    let (second, end) = page(&stage, &query).await;
    assert_eq!(([first, second].concat(), end), (all, None));
    for bad in ["limit=0", "limit=1001", "cursor=nonsense"] {
        assert_eq!(stage.get(format!("{MACHINES}?{bad}")).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn an_organization_shows_the_machines_and_volumes_of_all_its_apps() {
    let stage = Stage::new().await;
    stage.sim.create_app("other");
    let body = json!({ "config": config("v1"), "skip_launch": true });
    for app in ["shop", "other"] {
        let machines = format!("/v1/apps/{app}/machines");
        let (_, machine) = stage.post(&machines, body.clone()).await;
        // What changes between two pages is on both: nothing may change any more.
        stage.wait(&format!("{machines}/{}", machine["id"].as_str().unwrap()), "stopped").await;
        stage.post(format!("/v1/apps/{app}/volumes"), json!({ "name": "data" })).await;
    }
    for what in ["machines", "volumes"] {
        let (_, first) = stage.get(format!("/v1/orgs/personal/{what}?limit=1")).await;
        let cursor = first["next_cursor"].as_str().unwrap();
        let (_, second) =
            stage.get(format!("/v1/orgs/personal/{what}?limit=1&cursor={cursor}")).await;
        let apps: BTreeSet<&str> =
            [&first, &second].map(|page| page[what][0]["app_name"].as_str().unwrap()).into();
        assert_eq!(apps, BTreeSet::from(["other", "shop"]));
        assert!(second["next_cursor"].is_null());
        let (_, none) =
            stage.get(format!("/v1/orgs/personal/{what}?updated_after=2999-01-01T00:00:00Z")).await;
        assert_eq!(none[what], json!([]));
        assert_eq!(stage.get(format!("/v1/orgs/theirs/{what}")).await.0, 404);
    }
}

#[tokio::test]
async fn a_machine_can_be_read_as_it_was_in_an_earlier_version() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    let (_, before) = stage.get(&path).await;
    stage.wait(&path, "stopped").await;
    stage.post(&path, json!({ "config": config("v2") })).await;
    let version = before["instance_id"].as_str().unwrap();
    let (_, then) = stage.get(format!("{path}?version={version}")).await;
    for key in ["instance_id", "config", "image_ref"] {
        assert_eq!(then[key], before[key], "{key}");
    }
    let (status, _) = stage.get(format!("{path}?version=01ARZ3NDEKTSV4RRFFQ69G5FAV")).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn an_app_that_is_deleted_leaves_no_process_behind() {
    let stage = Stage::new().await;
    let script = "trap '' INT TERM; while :; do sleep 1; done";
    stage.sim.register_image(Image::new(reference("deaf"), ["/bin/sh", "-c", script]));
    let path = stage.started(json!({ "image": reference("deaf") })).await;
    stage.act(format!("{path}/lease?ttl=60")).await;
    let pid = stage.truth(&path).pid.unwrap();
    let (status, body) = stage.call(Method::DELETE, "/v1/apps/shop", None).await;
    assert_eq!((status, body), (202, Value::Null));
    assert_eq!(stage.get(MACHINES).await, (404, json!({ "error": "app not found" })));
    let gone = || !std::path::Path::new(&format!("/proc/{pid}")).exists();
    eventually("the end of its process", async || gone().then_some(())).await;
    assert!(stage.sim.app_url("shop").await.is_err());
    eventually("the name to be free", async || {
        (stage.post("/v1/apps", json!({ "name": "shop" })).await.0 == 201).then_some(())
    })
    .await;
    assert_eq!(stage.get(MACHINES).await, (200, json!([])));
}
