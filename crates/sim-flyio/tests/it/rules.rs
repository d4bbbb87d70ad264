//! Leases over HTTP: who may do what, and in which words the others are refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{Stage, config};

#[tokio::test]
async fn a_lease_guards_every_action_against_everybody_but_its_holder() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    stage.act(format!("{path}/lease?ttl=30")).await;
    let signal = json!({ "signal": "SIGUSR1" });
    let guarded = [
        (Method::POST, "", Some(json!({ "config": config("v1") }))),
        (Method::POST, "/start", None),
        (Method::POST, "/stop", None),
        (Method::POST, "/suspend", None),
        (Method::POST, "/restart", None),
        (Method::POST, "/signal", Some(signal)),
        (Method::POST, "/cordon", None),
        (Method::POST, "/uncordon", None),
        (Method::POST, "/lease", Some(json!({ "ttl": 5 }))),
        (Method::DELETE, "/lease", None),
        (Method::DELETE, "?force=true", None),
    ];
    for (method, action, body) in guarded {
        let (status, refused) = stage.call(method, &format!("{path}{action}"), body).await;
        let error = refused["error"].as_str().unwrap_or_default();
        assert_eq!(status, 409, "{action}: {refused}");
        assert!(error.contains("lease currently held by"), "{action}: {refused}");
    }
}

#[tokio::test]
async fn a_lease_is_asked_for_in_the_query_or_in_the_body_and_lasts_until_it_is_released() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let (status, lease) = stage.act(format!("{path}/lease?ttl=30")).await;
    assert_eq!((status, &lease["status"]), (201, &json!("success")));
    for key in ["nonce", "owner", "version", "description"] {
        assert!(lease["data"][key].is_string(), "{key} of {lease}");
    }
    let nonce = lease["data"]["nonce"].as_str().unwrap();
    let holder = async |method: Method, action: &str, body: Option<Value>| {
        stage.call_with(method, &format!("{path}{action}"), (body, Some(nonce))).await
    };
    let ask = json!({ "ttl": 60, "description": "deploy 7" });
    let (_, refreshed) = holder(Method::POST, "/lease", Some(ask)).await;
    assert_eq!(refreshed["data"]["nonce"], nonce);
    assert_eq!(refreshed["data"]["description"], "deploy 7");
    assert_eq!(stage.get(format!("{path}/lease")).await, (200, refreshed));
    assert_eq!(holder(Method::POST, "/cordon", None).await, (200, json!({ "ok": true })));
    assert_eq!(stage.truth(&path).lease.unwrap().description, "deploy 7");
    assert_eq!(holder(Method::DELETE, "/lease", None).await.0, 200);
    assert_eq!(stage.get(format!("{path}/lease")).await.0, 404);
    let (status, _) = holder(Method::POST, "/uncordon", None).await;
    assert_eq!(status, 200, "a stale nonce does no harm");
}

#[tokio::test]
async fn creating_with_a_lease_answers_with_its_nonce_and_creating_without_does_not() {
    let stage = Stage::new().await;
    let body = json!({ "config": config("v1"), "lease_ttl": 30, "skip_launch": true });
    let (_, leased) = stage.post(crate::stage::MACHINES, body).await;
    assert!(leased["nonce"].is_string());
    let body = json!({ "config": config("v1"), "skip_launch": true });
    let (_, free) = stage.post(crate::stage::MACHINES, body).await;
    assert!(free["nonce"].is_null());
}

#[tokio::test]
async fn bad_times_to_live_are_refused() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    for ttl in ["0", "-1", "soon"] {
        assert_eq!(stage.act(format!("{path}/lease?ttl={ttl}")).await.0, 400, "{ttl}");
    }
}
