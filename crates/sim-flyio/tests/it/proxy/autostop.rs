//! Machines that the proxy starts and stops by itself.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sim_flyio::SimConfig;

use super::{id, serves};
use crate::stage::{Stage, config, eventually};

/// The configuration of a machine that is started on demand, and stopped as `autostop` says.
fn on_demand(autostop: &Value) -> Value {
    let mut config = config("v1");
    config["services"][0]["autostart"] = json!(true);
    config["services"][0]["autostop"] = autostop.clone();
    config
}

async fn visit(stage: &Stage) -> (u16, String) {
    let response = stage.visit("/", &[]).await.unwrap();
    let machine = response.headers().get("x-machine-id").map_or("", |id| id.to_str().unwrap());
    (response.status().as_u16(), machine.to_owned())
}

/// Waits until the machine answers.
async fn answers(stage: &Stage, machine: &str) {
    eventually("an answer of the machine", async || {
        (visit(stage).await == (200, id(machine).to_owned())).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_request_starts_a_stopped_machine_and_waits_for_it() {
    let stage = Stage::new().await;
    let machine = stage.started(on_demand(&json!(false))).await;
    serves(&stage).await;
    stage.act(format!("{machine}/stop")).await;
    stage.wait(&machine, "stopped").await;
    // As long as the proxy takes it for started, it is refused there and gives up.
    eventually("two requests at once to be answered", async || {
        let (one, two) = tokio::join!(visit(&stage), visit(&stage));
        let wanted = (200, id(&machine).to_owned());
        (one == wanted && two == wanted).then_some(())
    })
    .await;
    assert_eq!(stage.truth(&machine).state, "started");
    let starts = stage.get(format!("{machine}/events")).await.1;
    let starts = starts.as_array().unwrap().iter().filter(|event| event["type"] == "start");
    assert_eq!(starts.count(), 2, "one at its creation, one for both requests");
}

#[tokio::test]
async fn without_autostart_a_stopped_machine_stays_so() {
    let stage = Stage::new().await;
    let machine = stage.started(config("v1")).await;
    serves(&stage).await;
    stage.act(format!("{machine}/stop")).await;
    stage.wait(&machine, "stopped").await;
    eventually("the proxy to know", async || (visit(&stage).await.0 == 503).then_some(())).await;
    assert_eq!(stage.truth(&machine).state, "stopped");
}

#[tokio::test]
async fn a_machine_that_cannot_be_started_fails_the_request_that_waits_for_it() {
    let stage = Stage::new().await;
    stage.image("broken", &[("CRASH_AFTER_MS", "1")]);
    let mut config = on_demand(&json!(false));
    config["image"] = json!(crate::stage::reference("broken"));
    config["restart"] = json!({ "policy": "no" });
    let machine = stage.create(json!({ "config": config })).await;
    stage.wait(&machine, "stopped").await;
    eventually("a request to fail by it", async || {
        let answer = stage.visit("/", &[]).await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status == 502 && text.contains("PM07")).then_some(())
    })
    .await;
}

/// A stage whose proxy looks for idle machines all the time.
async fn thrifty() -> Stage {
    let autostop_every = Duration::from_millis(200);
    Stage::with(SimConfig { autostop_every, ..SimConfig::default() }).await
}

#[tokio::test]
async fn an_idle_machine_is_stopped_and_comes_back_for_a_request() {
    let stage = thrifty().await;
    let machine = stage.started(on_demand(&json!("stop"))).await;
    stage.wait(&machine, "stopped").await;
    assert_eq!(stage.event(&machine, "stop").await["source"], "flyd");
    answers(&stage, &machine).await;
}

#[tokio::test]
async fn an_idle_machine_is_suspended_and_resumes_with_the_same_process() {
    let stage = thrifty().await;
    let machine = stage.started(on_demand(&json!("suspend"))).await;
    let pid = stage.truth(&machine).pid;
    stage.wait(&machine, "suspended").await;
    answers(&stage, &machine).await;
    assert!(pid.is_some() && stage.truth(&machine).pid == pid);
}

#[tokio::test]
async fn the_minimum_of_the_primary_region_keeps_running() {
    let stage = thrifty().await;
    let mut config = on_demand(&json!("stop"));
    config["services"][0]["min_machines_running"] = json!(1);
    config["env"] = json!({ "PRIMARY_REGION": "ord" });
    let machines = [stage.started(config.clone()).await, stage.started(config).await];
    let states = || machines.iter().map(|m| stage.truth(m).state).collect::<Vec<_>>();
    eventually("one to be stopped", async || {
        (states().iter().filter(|state| *state == "stopped").count() == 1).then_some(())
    })
    .await;
    let until = Instant::now() + Duration::from_secs(1); // several more passes
    eventually("the end of the second", async || {
        assert_eq!(states().iter().filter(|state| *state == "started").count(), 1);
        (Instant::now() > until).then_some(())
    })
    .await;
}
