//! Shapes of replies, and the texts of refusals.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    deviations, openapi,
    stage::{MACHINES, Stage, client, config, eventually, path, reference},
};

type Is = fn(&Value) -> bool;

/// Every key that the official description gives a machine (its schema `Machine`), with its
/// JSON type; `nonce` and `incomplete_config` come only on occasion.
const MACHINE_KEYS: [(&str, Is); 13] = [
    ("id", Value::is_string),
    ("name", Value::is_string),
    ("state", Value::is_string),
    ("region", Value::is_string),
    ("instance_id", Value::is_string),
    ("private_ip", Value::is_string),
    ("created_at", Value::is_string),
    ("updated_at", Value::is_string),
    ("host_status", Value::is_string),
    ("config", Value::is_object),
    ("image_ref", Value::is_object),
    ("events", Value::is_array),
    ("checks", Value::is_array),
];

fn assert_is_machine(machine: &Value) {
    for (key, is) in MACHINE_KEYS {
        assert!(is(&machine[key]), "{key} of {machine}");
    }
    assert_eq!(machine["host_status"], "ok");
    assert_eq!(machine["id"].as_str().unwrap().len(), 14);
    assert_eq!(machine["instance_id"].as_str().unwrap().len(), 26);
    for key in ["registry", "repository", "tag", "digest"] {
        assert!(machine["image_ref"][key].is_string(), "{key} of {machine}");
    }
}

#[tokio::test]
async fn machines_have_every_key_of_the_official_description() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let (_, machine) = stage.get(&path).await;
    assert_is_machine(&machine);
    assert_eq!(machine["image_ref"]["repository"], "shop");
    assert!(machine["image_ref"]["digest"].as_str().unwrap().starts_with("sha256:"));
    let (_, listed) = stage.get(MACHINES).await;
    assert_is_machine(&listed[0]);
    for event in machine["events"].as_array().unwrap() {
        for key in ["id", "type", "status", "source"] {
            assert!(event[key].is_string(), "{key} of {event}");
        }
        assert!(event["timestamp"].as_i64().unwrap() > 1_700_000_000_000, "{event}");
    }
    let kinds: Vec<&Value> =
        machine["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["start", "launch"], "newest first");
    for key in ["name", "status", "output", "updated_at"] {
        assert!(machine["checks"][0][key].is_string(), "{key} of {machine}");
    }
}

#[tokio::test]
async fn unknown_configuration_keys_come_back_as_they_were_sent() {
    let stage = Stage::new().await;
    let mut sent = config("v1");
    sent["spot"] = json!({ "anything": [1, null, { "x": true }] });
    sent["guest"] = json!({ "cpu_kind": "shared", "cpus": 1, "memory_mb": 256 });
    let path = stage.create(json!({ "config": sent, "skip_launch": true })).await;
    assert_eq!(stage.get(&path).await.1["config"], sent);
    stage.wait(&path, "stopped").await;
    sent["spot"] = json!([]);
    let (status, updated) = stage.post(&path, json!({ "config": sent })).await;
    assert_eq!((status, &updated["config"]), (200, &sent));
}

#[tokio::test]
async fn apps_are_pending_until_they_had_a_machine() {
    let stage = Stage::new().await;
    let (_, app) = stage.get("/v1/apps/shop").await;
    assert_eq!(app["status"], "pending");
    assert!(app["organization"]["internal_numeric_id"].is_u64());
    stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    let (_, app) = stage.get("/v1/apps/shop").await;
    assert_eq!((&app["status"], &app["machine_count"]), (&json!("deployed"), &json!(1)));
    let (status, created) = stage.post("/v1/apps", json!({ "app_name": "two" })).await;
    assert_eq!((status, &created["id"]), (201, &json!("two")));
    let (_, listed) = stage.get("/v1/apps?org_slug=personal").await;
    assert_eq!(listed["total_apps"], 2);
    let taken = stage.post("/v1/apps", json!({ "name": "shop", "org_slug": "personal" })).await;
    let wanted = json!({ "error": "Name has already been taken", "status": "name_taken" });
    assert_eq!(taken, (422, wanted));
}

#[tokio::test]
async fn refusals_say_what_the_platform_says() {
    let stage = Stage::new().await;
    let path_of = stage.started(config("v1")).await;
    let table = [
        (Method::GET, "/v1/apps/none/machines".to_owned(), 404, "app not found"),
        (Method::GET, path("00000000000000"), 404, "machine not found"),
        (Method::GET, path("nonsense"), 404, "invalid machine ID, 'nonsense'"),
        (
            Method::GET,
            format!("{path_of}/wait?timeout=61"),
            400,
            "invalid_argument: invalid WaitMachineRequest.Timeout: value must be inside range [1s, 1m0s]",
        ),
        (
            Method::DELETE,
            path_of.clone(),
            412,
            "failed_precondition: unable to destroy machine, not currently stopped, suspended, failed or created",
        ),
        (
            Method::POST,
            format!("{path_of}/start"),
            412,
            "failed_precondition: unable to start machine from current state: 'started'",
        ),
        (
            Method::POST,
            format!("{path_of}/memory/reclaim"),
            404,
            &format!("not simulated: POST {path_of}/memory/reclaim"),
        ),
    ];
    for (method, path, status, error) in table {
        let reply = stage.call(method, &path, None).await;
        assert_eq!(reply, (status, json!({ "error": error })), "{path}");
    }
}

#[tokio::test]
async fn only_the_token_of_the_simulator_is_accepted_and_requests_are_named() {
    let stage = Stage::new().await;
    let url = format!("{}/v1/apps/shop", stage.sim.api_url());
    for token in [None, Some("Bearer wrong"), Some("sim-token")] {
        let mut request = client().get(&url);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401, "{token:?}");
        assert_eq!(response.headers()["fly-request-id"].len(), 30);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body, json!({ "error": "Authenticate: token validation error" }));
        let differences = openapi::differences(("GET", "/v1/apps/shop"), (401, Some(&body)));
        assert!(differences.iter().all(|it| deviations::is_known(it)), "{differences:?}");
    }
}

#[tokio::test]
async fn lists_filter_by_state_region_and_metadata() {
    let stage = Stage::new().await;
    let mut canary = config("v1");
    canary["metadata"]["role"] = json!("canary");
    let first =
        stage.create(json!({ "config": canary, "region": "fra", "skip_launch": true })).await;
    stage.wait(&first, "stopped").await;
    let second = stage.started(config("v1")).await;
    let ids = async |query: &str| -> String {
        let (_, list) = stage.get(format!("{MACHINES}?{query}")).await;
        let machines = list.as_array().unwrap().iter();
        let paths = machines.map(|machine| path(machine["id"].as_str().unwrap()));
        paths.collect::<Vec<_>>().join(" ")
    };
    let both = format!("{first} {second}");
    assert_eq!(ids("").await, both);
    assert_eq!(ids("state=started").await, second);
    assert_eq!(ids("state=stopped,started").await, both);
    assert_eq!(ids("region=fra").await, first);
    assert_eq!(ids("metadata.role=canary").await, first);
    assert_eq!(ids("metadata.role=blue").await, "");
    stage.delete(&first).await;
    assert_eq!(ids("").await, second);
    assert_eq!(ids("include_deleted=true").await, both);
    let (status, destroyed) = stage.get(&first).await;
    assert_eq!((status, &destroyed["state"]), (200, &json!("destroyed")), "still readable");
    let (_, summary) = stage.get(format!("{MACHINES}?summary=true")).await;
    assert!(summary[0]["config"].is_null() && summary[0]["state"].is_string());
}

#[tokio::test]
async fn metadata_is_written_without_a_new_version_and_without_the_lease() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let before = stage.truth(&path);
    stage.act(format!("{path}/lease?ttl=30")).await;
    let key = format!("{path}/metadata/colour");
    assert_eq!(stage.post(&key, json!({ "value": "blue" })).await.0, 204);
    assert_eq!(stage.get(&key).await, (200, json!({ "value": "blue" })));
    let patch = json!({ "metadata": { "colour": "", "a": "1", "fly_process_group": null } });
    assert_eq!(stage.call(Method::PATCH, &format!("{path}/metadata"), Some(patch)).await.0, 204);
    let wanted = json!({ "fly_platform_version": "v2", "a": "1" });
    assert_eq!(stage.get(format!("{path}/metadata")).await, (200, wanted));
    assert_eq!(stage.delete(format!("{path}/metadata/a")).await.0, 204);
    assert_eq!(stage.get(format!("{path}/metadata/a")).await.0, 404);
    let stale = json!({ "metadata": {}, "machine_version": "01ARZ3NDEKTSV4RRFFQ69G5FAV" });
    let stale = stage.call(Method::PATCH, &format!("{path}/metadata"), Some(stale)).await;
    assert_eq!(stale.0, 412);
    let after = stage.truth(&path);
    assert_eq!((after.instance_id, after.pid), (before.instance_id, before.pid));
}

#[tokio::test]
async fn another_process_can_set_the_stage_and_see_the_truth() {
    let stage = Stage::new().await;
    let reply = stage.post("/_sim/apps", json!({ "name": "other" })).await;
    assert_eq!((reply.0, &reply.1["status"]), (201, &json!("pending")));
    let image = json!({ "reference": reference("v3"), "command": ["/bin/true"] });
    let (status, image) = stage.post("/_sim/images", image).await;
    assert_eq!((status, image["digest"].as_str().unwrap().len()), (201, 71));
    let path = stage.started(config("v1")).await;
    eventually("a check, after which nothing changes any more", async || {
        (stage.truth(&path).checks[0].status == "passing").then_some(())
    })
    .await;
    let (_, machines) = stage.get("/_sim/machines?app=shop").await;
    assert_eq!(machines, serde_json::to_value(stage.sim.machines("shop")).unwrap());
    assert!(path.ends_with(machines[0]["id"].as_str().unwrap()));
    let (_, ledger) = stage.get("/_sim/ledger?app=shop").await;
    assert_eq!((&ledger["requests"], &ledger["longest_gap_ms"]), (&json!(0), &json!(0)));
    let (_, journal) = stage.get("/_sim/journal").await;
    assert_eq!(journal, serde_json::to_value(stage.sim.journal()).unwrap());
    assert_eq!(journal[0]["path"], MACHINES);
    let url = format!("{}/_sim/journal", stage.sim.api_url());
    assert_eq!(client().get(url).send().await.unwrap().status(), 401);
}
