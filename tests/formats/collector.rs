//! A collector of traces: takes OTLP over HTTP, and keeps what it was sent.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One request: its path and headers in lower case, and what it brought.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) head: String,
    pub(crate) traces: ExportTraceServiceRequest,
}

/// Listens as long as it lives.
pub(crate) struct Collector {
    pub(crate) url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
    listening: tokio::task::JoinHandle<()>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&sent);
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                take(stream, &kept).await;
            }
        });
        Self { url, sent, listening }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("nobody panics").clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Keeps what was sent, and only then says so.
async fn take(stream: TcpStream, kept: &Mutex<Vec<Sent>>) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).await.expect("a line") > 0, "{head}");
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
    let mut body = vec![0; length.expect("a length").trim().parse().expect("a number")];
    stream.read_exact(&mut body).await.expect("a body");
    let traces = ExportTraceServiceRequest::decode(&body[..]).expect("a request for traces");
    kept.lock().expect("nobody panics").push(Sent { head, traces });
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(answer.as_bytes()).await.expect("it listens");
}
