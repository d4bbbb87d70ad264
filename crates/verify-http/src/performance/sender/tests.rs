//! The sender over real sockets: TLS, connections that were closed in the meantime, servers that are not there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::place::Place;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Wants so many answers of one stream.
struct Wants {
    left: usize,
    sent: usize,
    shots: Vec<Shot>,
}

impl Course for Wants {
    fn wanted(&mut self, _now: Duration) -> Vec<usize> {
        if self.shots.len() < self.left { vec![0] } else { Vec::new() }
    }

    fn wakes(&self, _now: Duration) -> Option<Duration> {
        (self.shots.len() < self.left).then_some(Duration::from_mins(1))
    }

    fn take(&mut self, shot: Shot, _now: Duration) {
        self.sent = self.sent.max(shot.number + 1);
        self.shots.push(shot);
    }
}

/// Answers so many requests on each connection, and then closes it.
async fn answers(mut stream: impl AsyncRead + AsyncWrite + Unpin, count: usize) {
    let mut buffer = [0; 4096];
    for _ in 0..count {
        let Ok(1..) = stream.read(&mut buffer).await else { return };
        let _ = stream.write_all(ANSWER).await;
    }
    let _ = stream.shutdown().await;
}

async fn answers_over_tls(acceptor: TlsAcceptor, stream: TcpStream) {
    if let Ok(stream) = acceptor.accept(stream).await {
        answers(stream, usize::MAX).await;
    }
}

async fn shots(url: &str, routes: &Routes, wanted: usize) -> (Vec<Shot>, usize) {
    let place = Place { base: url.into(), headers: BTreeMap::new(), instance: None };
    let request = place.request(reqwest::Method::GET, "/", None).unwrap();
    let sender = Sender::new(vec![vec![request]], routes, Duration::from_secs(4)).await.unwrap();
    sender.open().await;
    let mut course = Wants { left: wanted, sent: 0, shots: Vec::new() };
    sender.run(Plan::new(10.0, 50.0, 7), &mut course).await;
    (course.shots, sender.connects().len())
}

fn statuses(shots: &[Shot]) -> Vec<Option<u16>> {
    shots.iter().map(|it| it.answer.as_ref().ok().map(|it| it.status)).collect()
}

#[tokio::test(start_paused = true)]
async fn connections_are_opened_ahead_and_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (mut serving, accepted) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    let count = accepted.clone();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            connections.spawn(answers(stream, usize::MAX));
        }
    });
    let (shots, connects) = shots(&url, &Routes::default(), 30).await;
    assert_eq!(statuses(&shots), [Some(200); 30]);
    // One is in use at a time; one or two wait.
    assert!((2..=3).contains(&connects), "{connects}");
    assert_eq!(accepted.load(Ordering::Relaxed), connects);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_closed_while_it_waited_costs_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(answers(stream, 3));
        }
    });
    let (shots, _) = shots(&url, &Routes::default(), 30).await;
    assert_eq!(statuses(&shots), [Some(200); 30]);
}

#[tokio::test(start_paused = true)]
async fn nobody_there_is_silence_and_no_name_is_blindness() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (shots, _) = shots(&url, &Routes::default(), 1).await;
    let Err(Missed::Silent(words)) = &shots[0].answer else { unreachable!("nobody listens") };
    assert_eq!(words, "did not answer: connection refused");
    let url = "http://nowhere.invalid/".parse().unwrap();
    assert!(matches!(Routes::default().find(&url).await, Err(Error::Dns { .. })));
}

#[tokio::test(start_paused = true)]
async fn tls_is_spoken_and_a_stranger_is_not_believed() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
    let certificate = signed.cert.der().clone();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.clone()], key).unwrap();
    let (acceptor, listener) =
        (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(answers_over_tls(acceptor.clone(), stream));
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let trusting = |roots| {
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Routes::trusting(config)
    };
    let (good, _) = shots(&url, &trusting(Arc::new(roots)), 5).await;
    assert_eq!(statuses(&good), [Some(200); 5]);
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(other.cert.der().clone()).unwrap();
    let (bad, _) = shots(&url, &trusting(Arc::new(roots)), 1).await;
    let Err(Missed::Silent(words)) = &bad[0].answer else { unreachable!("it is a stranger") };
    assert!(words.starts_with("did not answer over TLS: invalid peer certificate"), "{words}");
}
