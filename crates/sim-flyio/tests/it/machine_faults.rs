//! Faults that befall machines: what a client and a user see, and what the journal says of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::stage::{Stage, config, eventually, path};

fn with_policy(tag: &str, policy: &Value) -> Value {
    let mut config = config(tag);
    config["restart"] = policy.clone();
    config
}

/// The exits of a machine, oldest first: code, whether out of memory, whether it is started again.
async fn exits(stage: &Stage, path: &str) -> Vec<(i64, bool, bool)> {
    let (_, events) = stage.get(format!("{path}/events?limit=50")).await;
    let exits = events.as_array().unwrap().iter().rev().filter(|event| event["type"] == "exit");
    let told = exits.map(|event| &event["request"]["exit_event"]).map(|exit| {
        let flag = |key: &str| exit[key].as_bool().unwrap();
        (exit["exit_code"].as_i64().unwrap(), flag("oom_killed"), flag("restarting"))
    });
    told.collect()
}

/// Waits until the proxy answers so; says with what status and from which version.
async fn answers(stage: &Stage, status: u16) {
    eventually(&format!("a {status} through the proxy"), async || {
        (stage.visit("/", &[]).await.ok()?.status().as_u16() == status).then_some(())
    })
    .await;
}

async fn passes(stage: &Stage, path: &str) {
    eventually("a check", async || (stage.truth(path).checks[0].status == "passing").then_some(()))
        .await;
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_once_puts_the_machine_back() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let before = stage.truth(&path).instance_id;
    let fault = "update[image=*:v2]@1=pull-fails";
    stage.inject(fault);
    let (status, _) = stage.post(&path, json!({ "config": config("v2") })).await;
    assert_eq!(status, 200, "nobody is told");
    stage.wait(&path, "started").await;
    assert_eq!(stage.truth(&path).instance_id, before);
    let (_, reply) = stage.post(&path, json!({ "config": config("v2") })).await;
    let version = reply["instance_id"].as_str().unwrap();
    let wait = format!("{path}/wait?version={version}&timeout=60");
    assert_eq!(stage.get(wait).await.0, 200);
    stage.assert_struck(fault, 1);
    let line = stage.sim.journal().into_iter().find(|call| call.fault.is_some()).unwrap();
    assert_eq!((line.method.as_str(), &line.path), ("POST", &path), "the call that caused it");
}

#[tokio::test]
async fn boots_that_do_not_end_leave_machines_in_created_and_starting() {
    let stage = Stage::new().await;
    stage.inject("create@1=stuck");
    stage.inject("boot@1=stuck");
    let created = stage.create(json!({ "config": config("v1") })).await;
    let starting = stage.create(json!({ "config": config("v1") })).await;
    for (path, state) in [(&created, "created"), (&starting, "starting")] {
        let (status, body) = stage.get(format!("{path}/wait?timeout=1")).await;
        let error = body["error"].as_str().unwrap();
        assert!(status == 408 && error.ends_with(&format!("currently {state}")), "{body}");
        assert_eq!(stage.delete(format!("{path}?force=true")).await.0, 200);
        eventually("its end", async || stage.truth(path).destroyed.then_some(())).await;
    }
    stage.assert_struck("create@1=stuck", 1);
    stage.assert_struck("boot@1=stuck", 1);
}

#[tokio::test]
async fn a_crash_loop_goes_on_until_the_policy_gives_up_and_one_exit_does_not() {
    let stage = Stage::new().await;
    stage.inject("boot[image=*:v2]=crash:20ms:7");
    stage.inject("boot[image=*:v1]@1=crash:20ms");
    let policy = json!({ "policy": "on-failure", "max_retries": 2 });
    let looping = stage.create(json!({ "config": with_policy("v2", &policy) })).await;
    stage.wait(&looping, "stopped").await;
    let wanted = [(7, false, true), (7, false, true), (7, false, false)];
    assert_eq!(exits(&stage, &looping).await, wanted);
    let once = stage.create(json!({ "config": with_policy("v1", &policy) })).await;
    answers(&stage, 200).await;
    assert_eq!(exits(&stage, &once).await, [(1, false, true)]);
    stage.assert_struck("boot[image=*:v2]=crash:20ms:7", 3);
    stage.assert_struck("boot[image=*:v1]@1=crash:20ms", 1);
    let events = stage.sim.journal().into_iter().filter(|call| call.method == "EVENT");
    assert_eq!(events.count(), 2, "the restarts, which no call asked for");
}

#[tokio::test]
async fn a_machine_is_killed_for_its_memory() {
    let stage = Stage::new().await;
    stage.inject("boot=oom:20ms");
    let none = json!({ "policy": "no" });
    let path = stage.create(json!({ "config": with_policy("v1", &none) })).await;
    stage.wait(&path, "stopped").await;
    assert_eq!(exits(&stage, &path).await, [(137, true, false)]);
    stage.assert_struck("boot=oom:20ms", 1);
}

#[tokio::test]
async fn checks_flap_and_never_pass() {
    let stage = Stage::new().await;
    stage.inject("boot@1=flap:100ms");
    stage.inject("boot[group=sick]=unhealthy");
    let flapping = stage.started(config("v1")).await;
    for wanted in ["passing", "critical", "passing", "critical"] {
        eventually(wanted, async || {
            (stage.truth(&flapping).checks[0].status == wanted).then_some(())
        })
        .await;
    }
    let mut sick = config("v1");
    sick["metadata"]["fly_process_group"] = json!("sick");
    let sick = stage.started(sick).await;
    let saw = "503 Service Unavailable";
    eventually("a check", async || (stage.truth(&sick).checks[0].output == saw).then_some(()))
        .await;
    assert_eq!(stage.truth(&sick).checks[0].status, "critical");
    stage.assert_struck("boot@1=flap:100ms", 1);
    stage.assert_struck("boot[group=sick]=unhealthy", 1);
}

#[tokio::test]
async fn checks_pass_and_users_get_errors_from_one_version() {
    let stage = Stage::new().await;
    let fault = "boot[image=*:v2]=traffic:503";
    stage.inject(fault);
    let path = stage.started(config("v1")).await;
    answers(&stage, 200).await;
    let (_, reply) = stage.post(&path, json!({ "config": config("v2") })).await;
    let version = reply["instance_id"].as_str().unwrap();
    assert_eq!(stage.get(format!("{path}/wait?version={version}&timeout=60")).await.0, 200);
    passes(&stage, &path).await;
    let errors = stage.sim.ledger("shop").app_errors;
    eventually("the fault of v2", async || {
        let text = stage.visit("/", &[]).await.ok()?.text().await.ok()?;
        text.starts_with("503 Service Unavailable: a fault").then_some(())
    })
    .await;
    assert_eq!(stage.sim.ledger("shop").app_errors, errors + 1);
    stage.post(&path, json!({ "config": config("v1") })).await;
    answers(&stage, 200).await;
    stage.assert_struck(fault, 1);
}

/// Who has answered the last of many requests, when the proxy knows this machine.
async fn servers(stage: &Stage, known: &str) -> BTreeSet<String> {
    let server = async || {
        let response = stage.visit("/", &[]).await.ok()?;
        Some(path(response.headers().get("x-machine-id")?.to_str().ok()?))
    };
    eventually("an answer", async || server().await.filter(|it| it == known)).await;
    let mut seen = BTreeSet::new();
    for _ in 0..10 {
        seen.extend(server().await);
    }
    seen
}

#[tokio::test]
async fn the_proxy_never_learns_of_an_uncordon_until_it_is_done_again() {
    let stage = Stage::new().await;
    let outside = json!({ "config": config("v1"), "skip_service_registration": true });
    let (one, two) = (stage.create(outside.clone()).await, stage.create(outside).await);
    for path in [&one, &two] {
        stage.wait(path, "started").await;
        passes(&stage, path).await;
    }
    stage.inject("uncordon@1=unseen");
    stage.act(format!("{one}/uncordon")).await;
    stage.act(format!("{two}/uncordon")).await;
    stage.assert_struck("uncordon@1=unseen", 1);
    assert!(!stage.truth(&one).cordoned, "the API says that all is well");
    // What the proxy knows of the second, which came later, it would know of the first.
    assert_eq!(servers(&stage, &two).await, [two.clone()].into());
    stage.act(format!("{one}/cordon")).await;
    stage.act(format!("{one}/uncordon")).await;
    assert_eq!(servers(&stage, &one).await, [one, two].into());
}

#[tokio::test]
async fn the_proxy_never_learns_of_a_start_until_the_next_one() {
    let stage = Stage::new().await;
    stage.inject("boot@1=unseen");
    let one = stage.started(config("v1")).await;
    passes(&stage, &one).await;
    let two = stage.started(config("v1")).await;
    assert_eq!(servers(&stage, &two).await, [two.clone()].into());
    stage.act(format!("{one}/restart")).await;
    assert_eq!(servers(&stage, &one).await, [one, two].into());
    stage.assert_struck("boot@1=unseen", 1);
}

#[tokio::test]
async fn an_update_that_autostop_overtakes_is_left_stopped() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    stage.inject("update@1=autostop");
    let (_, reply) = stage.post(&path, json!({ "config": config("v2") })).await;
    let version = reply["instance_id"].as_str().unwrap();
    let wait = format!("{path}/wait?state=started&state=stopped&version={version}&timeout=60");
    assert_eq!(stage.get(wait).await.1["state"], "stopped");
    assert_eq!(stage.act(format!("{path}/start")).await.0, 200);
    stage.wait(&path, "started").await;
    stage.assert_struck("update@1=autostop", 1);
}

#[tokio::test]
async fn a_destruction_hangs_and_goes_on() {
    let stage = Stage::new().await;
    let (one, two) = (stage.started(config("v1")).await, stage.started(config("v1")).await);
    stage.inject("destroy@1=hangs:3600s");
    stage.inject("destroy@2=hangs:1s");
    assert_eq!(stage.delete(format!("{one}?kill=true")).await.0, 200);
    assert_eq!(stage.truth(&one).state, "destroying");
    stage.assert_struck("destroy@1=hangs:3600s", 1);
    let wait = format!("{two}/wait?state=destroyed&timeout=60");
    let delete = async {
        stage.called(&wait).await;
        let began = std::time::Instant::now();
        assert_eq!(stage.delete(format!("{two}?kill=true")).await.0, 200);
        began
    };
    let (waited, began) = tokio::join!(stage.get(&wait), delete);
    assert!(waited.0 == 200 && began.elapsed().as_millis() >= 1000, "{waited:?}");
    assert_eq!(stage.truth(&one).state, "destroying");
    stage.assert_struck("destroy@2=hangs:1s", 1);
}

#[tokio::test]
async fn users_do_not_reach_a_host_that_is_cut_off_from_the_start() {
    let stage = Stage::new().await;
    stage.inject("boot@1=host-unreachable:3600s");
    stage.inject("boot@2=host-unreachable:1s");
    let path = stage.create(json!({ "config": config("v1") })).await;
    assert_eq!(stage.get(&path).await.1["host_status"], "unreachable");
    assert_eq!(stage.act(format!("{path}/stop")).await.0, 408);
    answers(&stage, 503).await;
    stage.assert_struck("boot@1=host-unreachable:3600s", 1);
    let began = std::time::Instant::now();
    let path = stage.create(json!({ "config": config("v1") })).await;
    answers(&stage, 200).await;
    assert!(began.elapsed().as_millis() >= 1000);
    assert_eq!(stage.get(&path).await.1["host_status"], "ok");
    stage.assert_struck("boot@2=host-unreachable:1s", 1);
}
