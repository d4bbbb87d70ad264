//! The official description of the API: what of it is simulated, and that the replies are as
//! described. Every reply that any test gets is held against it; see `stage.rs`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    deviations,
    openapi::{self, Operation},
    schema::Findings,
    stage::{MACHINES, Stage, client, config},
};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one line for each operation")]
async fn every_operation_of_the_description_is_simulated_or_refused_by_name() {
    let stage = Stage::new().await;
    let mut told = Vec::new();
    for operation in openapi::operations() {
        let mark = if is_simulated(&stage, operation).await { "yes" } else { "no " };
        told.push(format!("{mark} {}", operation.name()));
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    yes GET /apps
    yes POST /apps
    yes GET /apps/{app_name}
    yes DELETE /apps/{app_name}
    no  GET /apps/{app_name}/certificates
    no  POST /apps/{app_name}/certificates/acme
    no  POST /apps/{app_name}/certificates/custom
    no  GET /apps/{app_name}/certificates/{hostname}
    no  DELETE /apps/{app_name}/certificates/{hostname}
    no  DELETE /apps/{app_name}/certificates/{hostname}/acme
    no  POST /apps/{app_name}/certificates/{hostname}/check
    no  DELETE /apps/{app_name}/certificates/{hostname}/custom
    yes POST /apps/{app_name}/deploy_token
    yes GET /apps/{app_name}/ip_assignments
    yes POST /apps/{app_name}/ip_assignments
    yes DELETE /apps/{app_name}/ip_assignments/{ip}
    yes GET /apps/{app_name}/machines
    yes POST /apps/{app_name}/machines
    yes GET /apps/{app_name}/machines/{machine_id}
    yes POST /apps/{app_name}/machines/{machine_id}
    yes DELETE /apps/{app_name}/machines/{machine_id}
    yes POST /apps/{app_name}/machines/{machine_id}/cordon
    yes GET /apps/{app_name}/machines/{machine_id}/events
    yes POST /apps/{app_name}/machines/{machine_id}/exec
    yes GET /apps/{app_name}/machines/{machine_id}/lease
    yes POST /apps/{app_name}/machines/{machine_id}/lease
    yes DELETE /apps/{app_name}/machines/{machine_id}/lease
    no  GET /apps/{app_name}/machines/{machine_id}/memory
    no  PUT /apps/{app_name}/machines/{machine_id}/memory
    no  POST /apps/{app_name}/machines/{machine_id}/memory/reclaim
    yes GET /apps/{app_name}/machines/{machine_id}/metadata
    yes PUT /apps/{app_name}/machines/{machine_id}/metadata
    yes PATCH /apps/{app_name}/machines/{machine_id}/metadata
    yes GET /apps/{app_name}/machines/{machine_id}/metadata/{key}
    yes POST /apps/{app_name}/machines/{machine_id}/metadata/{key}
    yes DELETE /apps/{app_name}/machines/{machine_id}/metadata/{key}
    yes GET /apps/{app_name}/machines/{machine_id}/ps
    yes POST /apps/{app_name}/machines/{machine_id}/restart
    yes POST /apps/{app_name}/machines/{machine_id}/signal
    yes POST /apps/{app_name}/machines/{machine_id}/start
    yes POST /apps/{app_name}/machines/{machine_id}/stop
    yes POST /apps/{app_name}/machines/{machine_id}/suspend
    yes POST /apps/{app_name}/machines/{machine_id}/uncordon
    yes GET /apps/{app_name}/machines/{machine_id}/versions
    yes GET /apps/{app_name}/machines/{machine_id}/wait
    no  GET /apps/{app_name}/secretkeys
    no  GET /apps/{app_name}/secretkeys/{secret_name}
    no  POST /apps/{app_name}/secretkeys/{secret_name}
    no  DELETE /apps/{app_name}/secretkeys/{secret_name}
    no  POST /apps/{app_name}/secretkeys/{secret_name}/decrypt
    no  POST /apps/{app_name}/secretkeys/{secret_name}/encrypt
    no  POST /apps/{app_name}/secretkeys/{secret_name}/generate
    no  POST /apps/{app_name}/secretkeys/{secret_name}/sign
    no  POST /apps/{app_name}/secretkeys/{secret_name}/verify
    yes GET /apps/{app_name}/secrets
    yes POST /apps/{app_name}/secrets
    yes GET /apps/{app_name}/secrets/{secret_name}
    yes POST /apps/{app_name}/secrets/{secret_name}
    yes DELETE /apps/{app_name}/secrets/{secret_name}
    yes GET /apps/{app_name}/volumes
    yes POST /apps/{app_name}/volumes
    yes GET /apps/{app_name}/volumes/{volume_id}
    yes PUT /apps/{app_name}/volumes/{volume_id}
    yes DELETE /apps/{app_name}/volumes/{volume_id}
    yes PUT /apps/{app_name}/volumes/{volume_id}/extend
    yes GET /apps/{app_name}/volumes/{volume_id}/snapshots
    yes POST /apps/{app_name}/volumes/{volume_id}/snapshots
    yes GET /orgs/{org_slug}/machines
    yes GET /orgs/{org_slug}/volumes
    yes POST /platform/placements
    yes GET /platform/regions
    no  POST /tokens/authenticate
    no  POST /tokens/authorize
    yes GET /tokens/current
    no  POST /tokens/kms
    no  POST /tokens/oidc
    ");
}

/// Asks for something that is not there; only an operation that is simulated knows that.
async fn is_simulated(stage: &Stage, operation: Operation) -> bool {
    let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap();
    let path = format!("/v1{}", operation.filled(|_| "none".to_owned()));
    let (status, body) = stage.call(method, &path, None).await;
    let refused = format!("not simulated: {} {path}", operation.method.to_uppercase());
    !(status == 404 && body["error"] == json!(refused))
}

/// One life with everything in it: what is simulated succeeds at least once, every reply is as
/// described, and every known deviation is really there.
#[tokio::test]
async fn everything_that_is_simulated_answers_as_described_and_the_known_deviations_are_all_true() {
    let stage = Stage::new().await;
    let app = platform_and_apps(&stage).await;
    let volume = volumes(&stage).await;
    secrets_and_addresses(&stage).await;
    let machine = machines(&stage, &volume).await;
    leases(&stage, &machine).await;
    let mut found = refusals(&stage, &machine).await;
    ends(&stage, &machine, (&volume, &app)).await;
    found.extend(stage.deviations.lock().unwrap().iter().cloned());
    let known: Findings = deviations::KNOWN.iter().map(|(known, _)| (*known).to_owned()).collect();
    assert_eq!(found, known);
    let missing = openapi::missing(&stage.keys.lock().unwrap());
    let never: Findings = deviations::NEVER.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(missing, never);
    let calls = stage.sim.journal();
    for operation in openapi::operations() {
        let mut own = calls.iter().filter(|call| operation.is(&call.method, &call.path[3..]));
        let succeeded = own.any(|call| call.status.is_some_and(|status| status < 300));
        assert_eq!(succeeded, is_simulated(&stage, operation).await, "{}", operation.name());
    }
}

async fn ok(stage: &Stage, (method, path): (Method, &str), body: Option<Value>) -> Value {
    let (status, reply) = stage.call(method, path, body).await;
    assert!(status < 300, "{path}: {status} {reply}");
    reply
}

/// Returns the path of an app without machines.
async fn platform_and_apps(stage: &Stage) -> String {
    let body = json!({ "name": "tour", "org_slug": "personal", "network": "tour-net" });
    ok(stage, (Method::POST, "/v1/apps?wait=true"), Some(body)).await;
    let app = "/v1/apps/tour".to_owned();
    assert_eq!(ok(stage, (Method::GET, &app), None).await["network"], "tour-net");
    let token = ok(stage, (Method::POST, &format!("{app}/deploy_token")), Some(json!({}))).await;
    assert_eq!(token["token"], stage.sim.token());
    for path in ["/v1/apps?org_slug=personal", "/v1/platform/regions", "/v1/tokens/current"] {
        ok(stage, (Method::GET, path), None).await;
    }
    let ask = json!({ "org_slug": "personal", "region": "fra,any", "count": 2 });
    let places = ok(stage, (Method::POST, "/v1/platform/placements"), Some(ask)).await;
    assert_eq!(places["regions"], json!([{ "region": "fra", "count": 2, "concurrency": 2 }]));
    app
}

/// Returns the id of a volume.
async fn volumes(stage: &Stage) -> String {
    let all = "/v1/apps/shop/volumes";
    let made = ok(stage, (Method::POST, all), Some(json!({ "name": "data" }))).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let one = format!("{all}/{id}");
    ok(stage, (Method::POST, all), Some(json!({ "name": "more", "region": "fra" }))).await;
    for path in [all, &one, "/v1/orgs/personal/volumes?limit=1"] {
        ok(stage, (Method::GET, path), None).await;
    }
    ok(stage, (Method::PUT, &one), Some(json!({ "snapshot_retention": 7 }))).await;
    ok(stage, (Method::PUT, &format!("{one}/extend")), Some(json!({ "size_gb": 2 }))).await;
    ok(stage, (Method::POST, &format!("{one}/snapshots")), None).await;
    let snapshots = ok(stage, (Method::GET, &format!("{one}/snapshots")), None).await;
    assert_eq!(snapshots[0]["retention_days"], 7);
    id
}

async fn secrets_and_addresses(stage: &Stage) {
    let all = "/v1/apps/shop/secrets";
    ok(stage, (Method::POST, all), Some(json!({ "values": { "A": "a", "B": null } }))).await;
    ok(stage, (Method::POST, &format!("{all}/C")), Some(json!({ "value": "c" }))).await;
    for path in [all.to_owned(), format!("{all}?show_secrets=true"), format!("{all}/C")] {
        ok(stage, (Method::GET, &path), None).await;
    }
    ok(stage, (Method::DELETE, &format!("{all}/C")), None).await;
    let all = "/v1/apps/shop/ip_assignments";
    let given = ok(stage, (Method::POST, all), Some(json!({ "type": "v6" }))).await;
    ok(stage, (Method::GET, all), None).await;
    let one = format!("{all}/{}", given["ip"].as_str().unwrap());
    ok(stage, (Method::DELETE, &one), None).await;
}

/// Returns the path of a started machine that has the volume.
async fn machines(stage: &Stage, volume: &str) -> String {
    let mut config = config("v1");
    config["mounts"] = json!([{ "volume": volume, "path": "/data" }]);
    config["spot"] = json!({ "unknown": true });
    config["services"][0]["autostop"] = json!(false);
    config["guest"] = json!({ "cpu_kind": "shared", "cpus": 1, "memory_mb": 256 });
    let path = stage.started(config.clone()).await;
    let idle = json!({ "config": self::config("v1"), "skip_launch": true, "lease_ttl": 60 });
    ok(stage, (Method::POST, MACHINES), Some(idle)).await;
    for read in ["", "/events", "/versions", "/ps", "/metadata"] {
        ok(stage, (Method::GET, &format!("{path}{read}")), None).await;
    }
    ok(stage, (Method::GET, "/v1/orgs/personal/machines?limit=1"), None).await;
    let exec = json!({ "command": ["true"] });
    ok(stage, (Method::POST, &format!("{path}/exec")), Some(exec)).await;
    let (key, value) = (format!("{path}/metadata/role"), json!({ "value": "tour" }));
    ok(stage, (Method::POST, &key), Some(value)).await;
    ok(stage, (Method::GET, &key), None).await;
    ok(stage, (Method::DELETE, &key), None).await;
    for method in [Method::PATCH, Method::PUT] {
        let body = json!({ "metadata": { "a": "b" } });
        ok(stage, (method, &format!("{path}/metadata")), Some(body)).await;
    }
    ok(stage, (Method::POST, &path), Some(json!({ "config": config }))).await;
    stage.wait(&path, "started").await;
    for (action, state) in [
        ("cordon", "started"),
        ("uncordon", "started"),
        ("restart", "started"),
        ("suspend", "suspended"),
        ("start", "started"),
    ] {
        ok(stage, (Method::POST, &format!("{path}/{action}")), None).await;
        stage.wait(&path, state).await;
    }
    let signal = json!({ "signal": "SIGUSR1" });
    ok(stage, (Method::POST, &format!("{path}/signal")), Some(signal)).await;
    path
}

async fn leases(stage: &Stage, machine: &str) {
    let lease = format!("{machine}/lease");
    let held = ok(stage, (Method::POST, &lease), Some(json!({ "ttl": 30 }))).await;
    ok(stage, (Method::GET, &lease), None).await;
    let listed = ok(stage, (Method::GET, &format!("{MACHINES}?include_leases=true")), None).await;
    assert_eq!(listed[0]["lease"]["owner"], held["data"]["owner"]);
    assert!(listed[0]["lease"]["nonce"].is_null());
    assert_eq!(stage.act(&lease).await.0, 409);
    let nonce = held["data"]["nonce"].as_str();
    assert_eq!(stage.call_with(Method::DELETE, &lease, (None, nonce)).await.0, 200);
}

/// Returns the deviations that are seen elsewhere.
async fn refusals(stage: &Stage, machine: &str) -> Findings {
    let late = stage.get(format!("{machine}/wait?state=stopped&timeout=1")).await;
    let bad = stage.post(MACHINES, json!({})).await;
    let unknown = stage.get("/v1/apps/none").await;
    let taken = stage.post("/v1/apps", json!({ "name": "shop" })).await;
    let busy = stage.delete(machine).await;
    assert_eq!([late.0, bad.0, unknown.0, taken.0, busy.0], [408, 400, 404, 422, 412]);
    let url = format!("{}/v1/apps", stage.sim.api_url());
    let reply = client().get(url).bearer_auth("wrong").send().await.unwrap();
    let (status, body) = (reply.status().as_u16(), reply.json::<Value>().await.unwrap());
    let mut found = openapi::differences(("GET", "/v1/apps"), (status, Some(&body)));
    let (limited, _) = Stage::flooded(4, (MACHINES, None)).await;
    found.extend(limited.deviations.lock().unwrap().iter().cloned());
    found
}

async fn ends(stage: &Stage, machine: &str, (volume, app): (&str, &str)) {
    ok(stage, (Method::POST, &format!("{machine}/stop")), None).await;
    stage.wait(machine, "stopped").await;
    ok(stage, (Method::DELETE, machine), None).await;
    ok(stage, (Method::DELETE, &format!("/v1/apps/shop/volumes/{volume}")), None).await;
    ok(stage, (Method::DELETE, app), None).await;
}
