//! The proxy, with real machines behind it.

mod autostop;
mod bodies;
mod limits;
mod raw;
mod routing;
mod upgrades;

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use sim_flyio::SimConfig;

use self::raw::Held;
use crate::stage::{Stage, client, config, eventually, path};

/// Waits until the proxy sends somebody there.
async fn serves(stage: &Stage) -> String {
    eventually("an answer through the proxy", async || {
        let response = stage.visit("/", &[]).await.ok()?;
        let machine = response.headers().get("x-machine-id")?.to_str().ok()?.to_owned();
        response.status().is_success().then_some(machine)
    })
    .await
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn requests_are_routed_by_host_and_answers_are_named() {
    let stage = Stage::new().await;
    let machine = stage.started(config("v1")).await;
    serves(&stage).await;
    for host in ["shop.fly.dev", "shop.localhost:4000", "shop"] {
        let request = client().get(stage.sim.proxy_url() + "/api/v1/health?x=1");
        let response = request.header("host", host).send().await.unwrap();
        assert_eq!(response.status(), 200, "{host}");
        assert!(response.headers()["fly-request-id"].to_str().unwrap().ends_with("-ord"));
        let health: serde_json::Value = response.json().await.unwrap();
        let truth = stage.truth(&machine);
        let wanted = json!({
            "status": "ok",
            "version": "v1",
            "machine": truth.id,
            "machine_version": truth.instance_id,
        });
        assert_eq!(health, wanted);
    }
    let unknown = client().get(stage.sim.proxy_url()).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    let error = stage.sim.app_url("none").await.unwrap_err().to_string();
    assert_eq!(error, "app 'none' does not exist in this simulator; create it first");
}

#[tokio::test]
async fn without_a_healthy_machine_users_are_refused_and_the_ledger_knows() {
    let stage = Stage::new().await;
    let response = stage.visit("/cart", &[]).await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("fly-request-id"));
    assert!(response.text().await.unwrap().starts_with("PR01:"));
    let ledger = stage.sim.ledger("shop");
    assert_eq!((ledger.requests, ledger.answered, ledger.lost.len()), (1, 0, 1));
    let lost = &ledger.lost[0];
    assert_eq!((lost.method.as_str(), lost.path.as_str(), &lost.machine), ("GET", "/cart", &None));
}

#[tokio::test]
async fn a_machine_gets_traffic_only_when_its_checks_pass() {
    let stage = Stage::new().await;
    stage.image("sick", &[("HEALTH_FAILS", "1")]);
    let sick = stage.started(config("sick")).await;
    let well = stage.started(config("v1")).await;
    for _ in 0..10 {
        assert_eq!(serves(&stage).await, id(&well));
    }
    let pin = [("fly-force-instance-id", id(&sick))];
    eventually("a pinned request to be answered", async || {
        let pinned = stage.visit("/", &pin).await.unwrap();
        (pinned.headers().get("x-machine-id")? == id(&sick)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_proxy_learns_of_a_cordon_late_and_a_pinned_request_ignores_it() {
    let propagation = Duration::from_millis(100);
    let stage = Stage::with(SimConfig { propagation, ..SimConfig::default() }).await;
    let machine = stage.started(config("v1")).await;
    serves(&stage).await;
    let before = std::time::Instant::now();
    stage.act(format!("{machine}/cordon")).await;
    let first = stage.visit("/", &[]).await.unwrap().status();
    if before.elapsed() < propagation {
        assert_eq!(first, 200, "it cannot know yet");
    }
    eventually("the proxy to know", async || {
        (stage.visit("/", &[]).await.unwrap().status() == 503).then_some(())
    })
    .await;
    assert!(before.elapsed() >= propagation);
    let pin = [("fly-force-instance-id", id(&machine))];
    assert_eq!(stage.visit("/", &pin).await.unwrap().status(), 200);
    assert_eq!(stage.truth(&machine).state, "started");
    stage.act(format!("{machine}/uncordon")).await;
    serves(&stage).await;
    stage.act(format!("{machine}/stop")).await;
    stage.wait(&machine, "stopped").await;
    eventually("a pinned request to be refused", async || {
        (stage.visit("/", &pin).await.unwrap().status() == 503).then_some(())
    })
    .await;
    let ledger = stage.sim.ledger("shop");
    assert!(ledger.probes >= 2 && !ledger.probes_lost.is_empty(), "{ledger:?}");
}

#[tokio::test]
async fn a_refused_connection_is_tried_elsewhere_and_nobody_notices() {
    // The proxy believes in the stopped machine for longer than the test lasts.
    let stage = Stage::new().await;
    let one = stage.started(config("v1")).await;
    let two = stage.started(config("v1")).await;
    eventually("both machines", async || {
        let mut seen = BTreeSet::new();
        for _ in 0..4 {
            seen.insert(serves(&stage).await);
        }
        (seen.len() == 2).then_some(())
    })
    .await;
    let lost = stage.sim.ledger("shop").lost.len();
    stage.post(format!("{one}/stop"), json!({ "signal": "SIGKILL" })).await;
    stage.wait(&one, "stopped").await;
    for _ in 0..20 {
        let response = stage.visit("/", &[]).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["x-machine-id"]),
            (200, &id(&two).parse().unwrap())
        );
    }
    assert_eq!(stage.sim.ledger("shop").lost.len(), lost);
}

#[tokio::test]
async fn requests_in_flight_survive_a_cordon_and_a_polite_stop() {
    let stage = Stage::new().await;
    let mut patient = config("v1");
    patient["stop_config"] = json!({ "timeout": "5m" });
    let machine = stage.started(patient).await;
    let held = Held::begin(&stage).await;
    let lost = stage.sim.ledger("shop").lost.len();
    stage.act(format!("{machine}/cordon")).await;
    stage.act(format!("{machine}/stop")).await;
    let pin = [("fly-force-instance-id", id(&machine))];
    eventually("the machine to take no more requests", async || {
        (stage.visit("/", &pin).await.unwrap().status() != 200).then_some(())
    })
    .await;
    let answer = held.end().await;
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    stage.wait(&machine, "stopped").await;
    assert_eq!(stage.sim.ledger("shop").lost.len(), lost);
    assert_eq!(stage.event(&machine, "exit").await["request"]["exit_event"]["exit_code"], 0);
}

#[tokio::test]
async fn requests_in_flight_are_lost_when_the_machine_is_killed() {
    let stage = Stage::new().await;
    stage.image("slow", &[("LATENCY_MS", "10000"), ("IGNORE_TERM", "1")]);
    let mut unchecked = config("slow");
    unchecked["services"][0]["checks"] = json!([]);
    let machine = stage.started(unchecked).await;
    let visit = async {
        eventually("a request to be taken", async || {
            let response = stage.visit("/", &[]).await.unwrap();
            let text = response.text().await.unwrap();
            text.starts_with("PU02").then_some(())
        })
        .await;
    };
    let stop = async {
        let mut looks = (0, 0);
        eventually("one request to be under way for some time", async || {
            let ledger = stage.sim.ledger("shop");
            let same = ledger.in_flight == 1 && ledger.requests == looks.0;
            looks = (ledger.requests, if same { looks.1 + 1 } else { 0 });
            (looks.1 == 20).then_some(())
        })
        .await;
        stage.post(format!("{machine}/stop"), json!({ "timeout": "100ms" })).await;
    };
    tokio::join!(visit, stop);
    let lost = stage.sim.ledger("shop").lost.pop().unwrap();
    assert_eq!(lost.machine.as_deref(), Some(id(&machine)));
    assert!(lost.why.starts_with("PU02: machine"), "{}", lost.why);
}

#[tokio::test]
async fn an_answer_is_whole_at_its_last_byte_and_lost_when_it_breaks_off() {
    let stage = Stage::new().await;
    stage.image("stream", &[("STREAM_MS", "1000")]);
    stage.started(config("stream")).await;
    serves(&stage).await;
    let before = stage.sim.ledger("shop");
    let response = stage.visit("/", &[]).await.unwrap();
    assert_eq!(stage.sim.ledger("shop").answered, before.answered, "half of it is under way");
    assert!(response.text().await.unwrap().ends_with("</h1>\n"));
    eventually("the answer in the ledger", async || {
        (stage.sim.ledger("shop").answered == before.answered + 1).then_some(())
    })
    .await;
    let stage = Stage::new().await;
    stage.image("endless", &[("STREAM_MS", "3600000")]);
    let machine = stage.started(config("endless")).await;
    serves(&stage).await;
    let response = stage.visit("/", &[]).await.unwrap();
    assert_eq!(response.status(), 200);
    stage.post(format!("{machine}/signal"), json!({ "signal": "SIGKILL" })).await;
    assert!(response.text().await.is_err(), "the client sees that it is not whole");
    let lost = stage.sim.ledger("shop").lost.pop().unwrap();
    assert_eq!(lost.machine.as_deref(), Some(id(&machine)));
    assert!(lost.why.starts_with("the answer broke off"), "{}", lost.why);
}

#[tokio::test]
async fn errors_of_the_app_are_answers_and_counted_apart() {
    let stage = Stage::new().await;
    stage.image("broken", &[("FAIL_PATH", "/dashboard")]);
    stage.started(config("broken")).await;
    serves(&stage).await;
    let before = stage.sim.ledger("shop");
    assert_eq!(stage.visit("/dashboard", &[]).await.unwrap().status(), 500);
    assert_eq!(stage.visit("/nowhere", &[]).await.unwrap().status(), 404);
    let after = stage.sim.ledger("shop");
    assert_eq!(after.answered, before.answered + 2);
    assert_eq!((after.app_errors, after.lost.len()), (1, before.lost.len()));
}

#[tokio::test]
async fn a_machine_created_outside_the_pool_is_reached_only_by_its_name() {
    let stage = Stage::new().await;
    let blue = stage.started(config("v1")).await;
    let body = json!({ "config": config("v2"), "skip_service_registration": true });
    let green = stage.create(body).await;
    stage.wait(&green, "started").await;
    assert!(stage.truth(&green).cordoned);
    serves(&stage).await;
    let pin = [("fly-force-instance-id", id(&green))];
    eventually("green", async || {
        let response = stage.visit("/", &pin).await.ok()?;
        (response.headers().get("x-app-version")? == "v2").then_some(())
    })
    .await;
    for _ in 0..10 {
        assert_eq!(path(&serves(&stage).await), blue);
    }
    stage.act(format!("{green}/uncordon")).await;
    eventually("traffic to green", async || (path(&serves(&stage).await) == green).then_some(()))
        .await;
}
