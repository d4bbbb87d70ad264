//! Requests byte by byte, as no client library sends them.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::stage::{Stage, eventually};

/// The end of a head.
pub(super) const BLANK: &str = "\r\n\r\n";

pub(super) async fn connect(stage: &Stage) -> TcpStream {
    let url = stage.sim.app_url("shop").await.unwrap().replace("http://", "");
    TcpStream::connect(url).await.unwrap()
}

/// Reads until `end` has come; after the head of a refusal it never will.
pub(super) async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while !read.ends_with(end.as_bytes()) {
            read.push(stream.read_u8().await.unwrap());
            let refused = read.starts_with(b"HTTP/") && !read.starts_with(b"HTTP/1.1 200");
            let head = read.ends_with(BLANK.as_bytes());
            assert!(end == BLANK || !(refused && head), "{}", String::from_utf8_lossy(&read));
        }
    };
    timeout(Duration::from_mins(2), reading).await.unwrap();
    String::from_utf8(read).unwrap()
}

/// A request that a machine has, all but the end of its body: it is under way until that comes.
pub(super) struct Held(TcpStream);

impl Held {
    /// Asks until a machine takes it. The proxy wants the body of a request when it has a machine for
    /// it, and not before.
    pub(super) async fn begin(stage: &Stage) -> Self {
        let head = "POST /mirror HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\n\
                    Content-Length: 5\r\n\r\n";
        eventually("a machine that takes a request", async || {
            let mut stream = connect(stage).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            let told = read_until(&mut stream, BLANK).await;
            told.starts_with("HTTP/1.1 100").then_some(Self(stream))
        })
        .await
    }

    /// Sends the end of it; returns the head of the answer, in lower case.
    pub(super) async fn end(mut self) -> String {
        self.0.write_all(b"hello").await.unwrap();
        read_until(&mut self.0, BLANK).await.to_lowercase()
    }
}
