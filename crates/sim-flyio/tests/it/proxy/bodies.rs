//! Bodies of every kind, and clients that do not wait for the end.

use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::{
    raw::{BLANK, connect, read_until},
    serves,
};
use crate::stage::{Stage, config, eventually};

async fn stage_with(tag: &str, env: &[(&str, &str)]) -> Stage {
    let stage = Stage::new().await;
    stage.image(tag, env);
    let mut pooled = config(tag);
    pooled["services"][0]["concurrency"] = json!({ "type": "requests" });
    stage.started(pooled).await;
    serves(&stage).await;
    stage
}

#[tokio::test]
async fn head_has_the_length_and_no_body_and_the_next_request_is_answered() {
    let stage = stage_with("v1", &[]).await;
    let mut stream = connect(&stage).await;
    for _ in 0..3 {
        stream.write_all(b"HEAD / HTTP/1.1\r\nHost: shop\r\n\r\n").await.unwrap();
        let head = read_until(&mut stream, BLANK).await.to_lowercase();
        assert!(head.starts_with("http/1.1 200") && head.contains("content-length: "), "{head}");
    }
    let ledger = stage.sim.ledger("shop");
    assert_eq!(ledger.requests - ledger.lost.len() as u64, ledger.answered);
}

#[tokio::test]
async fn a_client_that_expects_to_be_told_to_go_on_is_told_so() {
    let stage = stage_with("v1", &[]).await;
    let mut stream = connect(&stage).await;
    let head =
        "POST /mirror HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let interim = read_until(&mut stream, BLANK).await;
    assert!(interim.starts_with("HTTP/1.1 100"), "{interim}");
    stream.write_all(b"hello").await.unwrap();
    let head = read_until(&mut stream, BLANK).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    read_until(&mut stream, "\nhello").await;
}

#[tokio::test]
async fn chunked_bodies_arrive_whole() {
    let stage = stage_with("v1", &[]).await;
    let mut stream = connect(&stage).await;
    let request = "POST /mirror HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = read_until(&mut stream, BLANK).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    read_until(&mut stream, "\nhello").await;
    let long = vec![b'x'; 3 << 20];
    let url = stage.sim.app_url("shop").await.unwrap() + "/mirror";
    let answer = crate::stage::client().post(url).body(long.clone()).send().await.unwrap();
    assert!(answer.bytes().await.unwrap().ends_with(&long));
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_is_nobodys_loss_and_frees_its_place() {
    let stage = stage_with("endless", &[("STREAM_MS", "3600000")]).await;
    let under_way = async |wanted| {
        eventually("so many requests under way", async || {
            (stage.sim.ledger("shop").in_flight == wanted).then_some(())
        })
        .await;
    };
    under_way(0).await; // the first client has left, too
    let before = stage.sim.ledger("shop");
    let mut stream = connect(&stage).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n").await.unwrap();
    read_until(&mut stream, "<!doctype").await;
    assert_eq!(stage.sim.ledger("shop").in_flight, 1);
    drop(stream);
    under_way(0).await;
    let after = stage.sim.ledger("shop");
    assert_eq!((after.answered, after.lost.len()), (before.answered, before.lost.len()));
    serves(&stage).await;
    let stage = stage_with("stream", &[("STREAM_MS", "1000")]).await;
    let whole = stage.visit("/", &[]).await.unwrap().text().await.unwrap();
    assert!(whole.ends_with("</h1>\n"), "{whole}");
}
