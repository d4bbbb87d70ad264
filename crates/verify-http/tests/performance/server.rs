//! A server with a latency law: what each request of each machine gets, and after how long.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use pipeline_core::{Address, Deployment, Instance, Side};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// One request as the law sees it.
pub(crate) struct Asked<'a> {
    /// The machine that the request is pinned to.
    pub(crate) machine: &'a str,
    pub(crate) path: &'a str,
    /// Which request of this machine and path it is, from 0.
    pub(crate) number: u64,
    /// Since the server began.
    pub(crate) at: Duration,
}

pub(crate) enum Does {
    Answers(u16, Duration),
    /// With a header.
    Says(&'static str, String, Duration),
    /// Closes the connection instead of answering.
    Drops,
    Hangs,
    /// Answers after time has jumped ahead, as it does for a client that was not given the processor.
    Jumps(Duration),
}

/// It stops when it is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<BTreeMap<String, u64>>>,
    _running: JoinSet<()>,
}

/// Answers by the law.
pub(crate) async fn serve(law: impl Fn(&Asked<'_>) -> Does + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (seen, law) = (Arc::new(Mutex::new(BTreeMap::new())), Arc::new(law));
    let (counts, began) = (seen.clone(), Instant::now());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.expect("somebody connects");
            let (law, counts) = (law.clone(), counts.clone());
            let service =
                service_fn(move |request| answer(law.clone(), counts.clone(), began, request));
            connections.spawn(async move {
                let http = hyper::server::conn::http1::Builder::new();
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Server { url, seen, _running: running }
}

async fn answer(
    law: Arc<impl Fn(&Asked<'_>) -> Does>,
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
    began: Instant,
    request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let machine = request.headers().get("machine").map_or("", |it| it.to_str().unwrap()).to_owned();
    let path = request.uri().path().to_owned();
    let number = {
        let mut counts = counts.lock().unwrap();
        let count = counts.entry(format!("{machine}{path}")).or_insert(0);
        *count += 1;
        *count - 1
    };
    let asked = Asked { machine: &machine, path: &path, number, at: began.elapsed() };
    let good = Response::builder().header("x-machine-id", &machine);
    let (response, after) = match law(&asked) {
        Does::Answers(status, after) => (good.status(status), after),
        Does::Says(name, value, after) => (good.header(name, value), after),
        Does::Jumps(by) => {
            tokio::time::advance(by).await;
            (good, Duration::ZERO)
        }
        Does::Drops => return Err(io::ErrorKind::ConnectionReset.into()),
        Does::Hangs => pending::<Result<_, Infallible>>().await.unwrap(),
    };
    sleep(after).await;
    Ok(response.body(Full::from("hello")).expect("the header is good"))
}

impl Server {
    /// How many requests it has seen.
    pub(crate) fn seen(&self) -> u64 {
        self.seen.lock().unwrap().values().sum()
    }

    pub(crate) fn machine(&self, id: &str, side: Side) -> Instance {
        let headers = [("machine".to_owned(), id.to_owned())].into();
        let address = Some(Address { url: self.url.clone(), headers });
        Instance { id: id.into(), side, region: None, serving: true, address }
    }

    /// What users reach, without machines.
    pub(crate) fn public(&self, version: &str) -> Deployment {
        let url = Some(self.url.clone());
        Deployment { version: version.into(), url, ..Deployment::default() }
    }

    /// These machines: `old…` are old ones.
    pub(crate) fn machines(&self, ids: &[&str]) -> Deployment {
        let side = |id: &str| if id.starts_with("old") { Side::Old } else { Side::New };
        let instances = ids.iter().map(|id| self.machine(id, side(id))).collect();
        Deployment { instances, ..self.public("v2") }
    }
}

/// Lognormal latencies around a median, the same in every run: their logarithm has the standard deviation `sigma`.
pub(crate) fn around(median_ms: f64, sigma: f64, asked: &Asked<'_>) -> Duration {
    let seed = asked.machine.bytes().fold(asked.number, |seed, byte| seed * 257 + u64::from(byte));
    let uniform = |salt: u64| {
        let mut bits = seed.wrapping_mul(2).wrapping_add(salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[expect(clippy::cast_precision_loss, reason = "noise")]
        let share = ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        share.max(1e-12)
    };
    // Box and Muller.
    let normal = (-2.0 * uniform(1).ln()).sqrt() * (std::f64::consts::TAU * uniform(2)).cos();
    Duration::from_secs_f64(median_ms * (sigma * normal).exp() / 1_000.0)
}
