//! `WebSocket` connections, seen as what they are to a proxy: an upgrade, then bytes both ways.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::serves;
use crate::stage::{Stage, config, eventually};

/// Opens a connection to `/ws`; returns it with the head of the answer.
async fn upgrade(stage: &Stage) -> (TcpStream, String) {
    let url = stage.sim.app_url("shop").await.unwrap().replace("http://", "");
    let mut stream = TcpStream::connect(url).await.unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap().to_lowercase())
}

async fn echo(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut said = vec![0; text.len()];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(String::from_utf8(said).unwrap(), text);
}

async fn open(stage: &Stage, wanted: u64) {
    eventually("the count of open upgrades", async || {
        (stage.sim.ledger("shop").upgrades_open == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn bytes_go_both_ways_and_a_client_that_leaves_breaks_nothing() {
    let stage = Stage::new().await;
    stage.started(config("v1")).await;
    serves(&stage).await;
    let (mut stream, head) = upgrade(&stage).await;
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(head.contains("upgrade: websocket") && head.contains("fly-request-id:"), "{head}");
    echo(&mut stream, "hello").await;
    echo(&mut stream, &"long ".repeat(20_000)).await;
    let ledger = stage.sim.ledger("shop");
    assert_eq!((ledger.upgrades, ledger.upgrades_open, ledger.in_flight), (1, 1, 0));
    drop(stream);
    open(&stage, 0).await;
    let ledger = stage.sim.ledger("shop");
    assert_eq!(
        (ledger.upgrades_broken.len(), ledger.lost.len() as u64),
        (0, ledger.requests - ledger.answered - 1)
    );
}

/// What becomes of an open upgrade when its machine is told something.
async fn cut_by(path: &str, body: Value) {
    let stage = Stage::new().await;
    let machine = stage.started(config("v1")).await;
    serves(&stage).await;
    let (mut stream, _) = upgrade(&stage).await;
    echo(&mut stream, "hello").await;
    stage.post(format!("{machine}/{path}"), body).await;
    let end = timeout(Duration::from_mins(2), stream.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    open(&stage, 0).await;
    let ledger = stage.sim.ledger("shop");
    assert_eq!(ledger.upgrades_broken.len(), 1, "{path}");
    assert!(ledger.upgrades_broken[0].why.ends_with("was stopped under it"));
    assert_eq!(ledger.upgrades_broken[0].path, "/ws");
}

#[tokio::test]
async fn a_machine_that_is_killed_or_stopped_cuts_its_upgrades() {
    cut_by("stop", json!({ "signal": "SIGKILL" })).await;
    cut_by("signal", json!({ "signal": "SIGKILL" })).await;
    cut_by("stop", json!({})).await;
}

#[tokio::test]
async fn a_cordon_leaves_an_upgrade_open() {
    let stage = Stage::new().await;
    let machine = stage.started(config("v1")).await;
    serves(&stage).await;
    let (mut stream, _) = upgrade(&stage).await;
    stage.act(format!("{machine}/cordon")).await;
    eventually("the proxy to know", async || {
        (stage.visit("/", &[]).await.unwrap().status() == 503).then_some(())
    })
    .await;
    echo(&mut stream, "still here").await;
    assert_eq!(stage.sim.ledger("shop").upgrades_open, 1);
}
