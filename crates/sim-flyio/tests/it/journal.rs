//! The journal: over HTTP, in a file, and the same for the same seed.

use serde_json::{Value, json};
use sim_flyio::{ApiCall, SimConfig};

use crate::stage::{MACHINES, Stage, client, config, eventually};

#[tokio::test]
async fn a_line_says_what_was_asked_by_whom_and_how_it_ended() {
    let stage = Stage::new().await;
    stage.inject("lease-get@1=503");
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    let (_, lease) = stage.act(format!("{path}/lease?ttl=60")).await;
    let nonce = lease["data"]["nonce"].as_str().unwrap();
    let lease_path = format!("{path}/lease");
    stage.call_with(reqwest::Method::GET, &lease_path, (None, Some(nonce))).await;
    let call = stage.sim.journal().pop().unwrap();
    let id = path.rsplit('/').next().unwrap().to_owned();
    assert_eq!((call.seq, call.method.as_str(), &call.path), (3, "GET", &lease_path));
    assert_eq!(
        (call.status, call.nonce, call.fault.as_deref()),
        (Some(503), true, Some("lease-get@1=503"))
    );
    assert_eq!((call.app.as_deref(), call.machine), (Some("shop"), Some(id)));
    assert_eq!(call.holder.as_deref(), lease["data"]["owner"].as_str());
    assert!(call.took_ms.is_some() && call.at.len() == "2026-08-14T09:57:35.120Z".len());
}

#[tokio::test]
async fn the_journal_is_read_as_one_array_or_as_lines() {
    let stage = Stage::new().await;
    stage.get(MACHINES).await;
    let url = stage.sim.api_url() + "/_sim/journal?format=ndjson";
    let response = client().get(url).bearer_auth(stage.sim.token()).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let text = response.text().await.unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((200, Value::Array(lines)), stage.get("/_sim/journal").await);
}

#[tokio::test]
async fn every_call_is_in_the_file_as_it_ends_and_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("journal.ndjson");
    let stage =
        Stage::with(SimConfig { journal: Some(file.clone()), ..SimConfig::default() }).await;
    stage.get(MACHINES).await;
    let lines = || std::fs::read_to_string(&file).unwrap().lines().count();
    eventually("the first line", async || (lines() == 1).then_some(())).await;
    for _ in 0..50 {
        stage.get(MACHINES).await;
    }
    let wanted = stage.sim.journal();
    assert_eq!(stage.sim.journal_trouble(), None);
    stage.sim.shutdown().await;
    let text = std::fs::read_to_string(&file).unwrap();
    let read: Vec<ApiCall> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(read, wanted);
}

#[tokio::test]
async fn a_full_disk_does_not_stop_the_simulator_and_a_missing_directory_does() {
    let journal = Some("/dev/full".into());
    let stage = Stage::with(SimConfig { journal, ..SimConfig::default() }).await;
    assert_eq!(stage.get(MACHINES).await.0, 200);
    eventually("the trouble", async || stage.sim.journal_trouble()).await;
    assert_eq!((stage.get(MACHINES).await.0, stage.sim.journal().len()), (200, 2));
    let journal = Some("/no/such/place/journal.ndjson".into());
    let error = sim_flyio::SimFly::start(SimConfig { journal, ..SimConfig::default() }).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "the journal '/no/such/place/journal.ndjson' cannot be written; name a file in a directory that exists"
    );
}

#[tokio::test]
async fn a_caller_that_went_away_is_taken_down_without_a_status() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    let wait = format!("{path}/wait?state=started&timeout=60");
    tokio::select! {
        reply = stage.get(&wait) => panic!("{reply:?}"),
        () = stage.called(&wait) => {}
    }
    let ended = eventually("the end of the call", async || {
        stage.sim.journal().pop().filter(|call| call.took_ms.is_some())
    })
    .await;
    assert_eq!((ended.seq, ended.status), (2, None));
}

/// What a seed decides of a line: all but times.
fn decided(stage: &Stage) -> Vec<ApiCall> {
    let untimed = |call| ApiCall { at: String::new(), took_ms: Some(0), ..call };
    stage.sim.journal().into_iter().map(untimed).collect()
}

#[tokio::test]
async fn the_same_calls_with_the_same_seed_have_the_same_journal() {
    let history = async |seed| {
        let stage = Stage::with(SimConfig { seed: Some(seed), ..SimConfig::default() }).await;
        stage.inject("metadata-set%0.5=503");
        let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
        let lease = stage.act(format!("{path}/lease?ttl=60")).await.1;
        for _ in 0..20 {
            stage.post(format!("{path}/metadata/colour"), json!({ "value": "blue" })).await;
        }
        (decided(&stage), lease["data"]["nonce"].clone(), lease["data"]["owner"].clone())
    };
    assert_eq!(history(7).await, history(7).await);
    assert_ne!(history(7).await, history(8).await);
}
