//! Where requests go: regions, instances, machines that refuse, `fly-replay`.

use std::time::Duration;

use serde_json::json;
use sim_flyio::SimConfig;

use super::{id, serves};
use crate::stage::{Stage, config, eventually};

/// A started machine in a region that gets traffic.
async fn machine_in(stage: &Stage, region: &str, tag: &str) -> String {
    let machine = stage.create(json!({ "config": config(tag), "region": region })).await;
    stage.wait(&machine, "started").await;
    let pin = [("fly-force-instance-id", id(&machine))];
    eventually("the machine", async || {
        (stage.visit("/", &pin).await.ok()?.status() == 200).then_some(())
    })
    .await;
    eventually("its checks", async || {
        stage.truth(&machine).checks.iter().all(|check| check.status == "passing").then_some(())
    })
    .await;
    machine
}

/// The machine that answers, and the region that the app was told of.
async fn answers(stage: &Stage, headers: &[(&str, &str)]) -> Result<String, u16> {
    let response = stage.visit("/mirror", headers).await.unwrap();
    match response.headers().get("x-machine-id") {
        Some(machine) => Ok(machine.to_str().unwrap().to_owned()),
        None => Err(response.status().as_u16()),
    }
}

#[tokio::test]
async fn the_region_of_the_edge_is_served_first_and_headers_choose_others() {
    let edge = SimConfig { edge_region: "ams".to_owned(), ..SimConfig::default() };
    let stage = Stage::with(edge).await;
    let ord = machine_in(&stage, "ord", "v1").await;
    let ams = machine_in(&stage, "ams", "v1").await;
    eventually("the near machine", async || {
        (answers(&stage, &[]).await.ok()? == id(&ams)).then_some(())
    })
    .await;
    let table = [
        (vec![], Ok(&ams)),
        (vec![("fly-prefer-region", "ord")], Ok(&ord)),
        (vec![("fly-prefer-region", "sin,ord")], Ok(&ord)),
        (vec![("fly-prefer-region", "sin")], Ok(&ams)),
        (vec![("fly-force-region", "ord")], Ok(&ord)),
        (vec![("fly-force-region", "sin")], Err(503)),
        (vec![("fly-prefer-instance-id", id(&ord))], Ok(&ord)),
        (vec![("fly-prefer-instance-id", "00000000000000")], Ok(&ams)),
        (vec![("fly-force-instance-id", id(&ord))], Ok(&ord)),
        (vec![("fly-force-instance-id", "00000000000000")], Err(503)),
    ];
    for (headers, wanted) in table {
        let wanted = wanted.map(|machine| id(machine).to_owned());
        assert_eq!(answers(&stage, &headers).await, wanted, "{headers:?}");
    }
    let seen = stage.visit("/mirror", &[("fly-prefer-instance-id", "nobody")]).await.unwrap();
    let seen = seen.text().await.unwrap();
    assert!(seen.contains("fly-region: ams\n"), "{seen}");
    assert!(seen.contains("fly-preferred-instance-unavailable: nobody\n"), "{seen}");
    assert!(seen.contains("-ams\n"), "request ids name the edge: {seen}");
}

#[tokio::test]
async fn a_program_that_does_not_listen_yet_is_tried_again_until_it_does() {
    // Its ninety tries take so long at least. A program that took longer to listen shows nothing.
    let patience = Duration::from_millis(1700);
    let (stage, machine) = eventually("a program that listens in time", async || {
        let stage = Stage::new().await;
        stage.image("late", &[("BOOT_DELAY_MS", "700")]);
        let mut unchecked = config("late");
        unchecked["services"][0]["checks"] = json!([]);
        let began = std::time::Instant::now();
        let machine = stage.started(unchecked).await;
        eventually("the proxy to know", async || {
            (stage.visit("/", &[]).await.unwrap().status() == 200).then_some(())
        })
        .await;
        (began.elapsed() < patience).then_some((stage, machine))
    })
    .await;
    let ledger = stage.sim.ledger("shop");
    let refused: Vec<_> = ledger.lost.iter().filter(|lost| !lost.why.contains("PR01")).collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(serves(&stage).await, id(&machine));
}

#[tokio::test]
async fn the_only_machine_was_stopped_a_moment_ago_and_the_proxy_does_not_know() {
    let stage = Stage::new().await;
    let machine = stage.started(config("v1")).await;
    serves(&stage).await;
    stage.post(format!("{machine}/stop"), json!({ "signal": "SIGKILL" })).await;
    stage.wait(&machine, "stopped").await;
    let answer = stage.visit("/", &[]).await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    // The test may have been too slow: then it knows.
    assert!(status == 502 && text.starts_with("PR04") || status == 503, "{status} {text}");
}

#[tokio::test]
async fn a_machine_that_was_destroyed_a_moment_ago_is_not_found() {
    let stage = Stage::new().await;
    let machine = stage.started(config("v1")).await;
    serves(&stage).await;
    stage.delete(format!("{machine}?force=true")).await;
    eventually("the end of the process", async || {
        stage.sim.machines("shop").iter().all(|machine| machine.destroyed).then_some(())
    })
    .await;
    let answer = stage.visit("/", &[]).await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert!(status == 502 && text.starts_with("PR02") || status == 503, "{status} {text}");
}

#[tokio::test]
async fn an_answer_with_fly_replay_sends_the_request_elsewhere_with_its_body() {
    let stage = Stage::new().await;
    let ord = machine_in(&stage, "ord", "v1").await;
    let ams = machine_in(&stage, "ams", "v1").await;
    let instance = format!("instance={};state=s1", id(&ams));
    let post = async |replay: &str, body: Vec<u8>| {
        let url = stage.sim.app_url("shop").await.unwrap() + "/mirror";
        let request = crate::stage::client().post(url).body(body);
        let request = request.header("x-replay", replay).header("fly-prefer-region", "ord");
        let response = request.send().await.unwrap();
        let machine =
            response.headers().get("x-machine-id").map(|m| m.to_str().unwrap().to_owned());
        (response.status().as_u16(), machine, response.text().await.unwrap())
    };
    let (status, machine, said) = post(&instance, b"hello".to_vec()).await;
    assert_eq!((status, machine.as_deref()), (200, Some(id(&ams))));
    let source = format!("fly-replay-src: instance={};region=ord;t=", id(&ord));
    assert!(said.contains(&source) && said.contains(";state=s1\n"), "{said}");
    assert!(said.ends_with("\nhello"), "{said}");
    let table = [
        ("app=nobody", 1, "PA04: fly-replay to unknown app 'nobody'\n"),
        ("what", 1, "PA03: malformed fly-replay 'what'\n"),
        ("region=sin", 1, "PR01: no known healthy instances found for route\n"),
        ("region=ams", 2 << 20, "PA01: the body is too long, or not all of it has come"),
    ];
    for (replay, length, wanted) in table {
        let (status, _, said) = post(replay, vec![b'x'; length]).await;
        assert!(status >= 502 && said.starts_with(wanted), "{replay}: {status} {said}");
    }
    let always = [("x-replay-always", "region=any")];
    let answer = stage.visit("/mirror", &always).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "PA02: fly-replay more than 10 times\n");
    assert!(stage.sim.ledger("shop").lost.iter().any(|lost| lost.why.starts_with("PA02")));
}

#[tokio::test]
async fn waiting_for_a_dead_port_ends_after_ninety_tries() {
    let stage = Stage::new().await;
    stage.image("late", &[("BOOT_DELAY_MS", "60000")]);
    let mut unchecked = config("late");
    unchecked["services"][0]["checks"] = json!([]);
    stage.started(unchecked).await;
    let began = std::time::Instant::now();
    let text = eventually("the end of patience", async || {
        let text = stage.visit("/", &[]).await.unwrap().text().await.unwrap();
        text.starts_with("PR03").then_some(text)
    })
    .await;
    assert!(text.contains("in 90 attempts"), "{text}");
    assert!(began.elapsed() >= Duration::from_millis(1500), "{:?}", began.elapsed());
}
