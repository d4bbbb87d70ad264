//! How many requests the proxy carries: clients with keep-alive connections against machines
//! that run the bundled application.
//!
//! `cargo bench -p sim-flyio --bench proxy -- --machines 10 --requests 200000 --clients 32
//! --concurrency requests`

#![expect(clippy::print_stdout, reason = "a report is what it is for")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::json;
use sim_flyio::{Image, SimConfig, SimFly};
use tokio::{net::TcpStream, task::JoinSet};

type Failed = Box<dyn Error + Send + Sync>;

/// What to measure.
struct Plan {
    machines: usize,
    requests: usize,
    clients: usize,
    concurrency: String,
}

impl Plan {
    /// Reads `--name value` pairs and passes over what cargo adds.
    fn read() -> Result<Self, Failed> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| {
            let place = words.iter().position(|word| word.strip_prefix("--") == Some(name));
            place.and_then(|place| words.get(place + 1)).map(String::as_str)
        };
        let number = |name: &str, default: usize| value(name).map_or(Ok(default), str::parse);
        Ok(Self {
            machines: number("machines", 4)?,
            requests: number("requests", 100_000)?,
            clients: number("clients", 32)?,
            concurrency: value("concurrency").unwrap_or("requests").to_owned(),
        })
    }
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    errors: usize,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let plan = Plan::read()?;
    let sim = SimFly::start(SimConfig::default()).await?;
    stage(&sim, &plan).await?;
    let address = sim.app_url("bench").await?.replace("http://", "");
    let each = plan.requests / plan.clients;
    load(&address, plan.clients, each / 10).await?; // warm
    let before = sim.ledger("bench");
    let began = Instant::now();
    let mut seen = load(&address, plan.clients, each).await?;
    let took = began.elapsed();
    seen.times.sort();
    let at = |percent: usize| seen.times[seen.times.len().saturating_sub(1) * percent / 100];
    let ledger = sim.ledger("bench");
    println!(
        "{} machines, {} clients, type {}: {} requests in {took:.2?}, {} requests/s, \
         {} errors, p50 {:?}, p99 {:?}, longest {:?}; the ledger: {} answered, {} lost",
        plan.machines,
        plan.clients,
        plan.concurrency,
        seen.times.len(),
        seen.times.len() as u128 * 1000 / took.as_millis().max(1),
        seen.errors,
        at(50),
        at(99),
        at(100),
        ledger.answered - before.answered,
        ledger.lost.len() - before.lost.len(),
    );
    sim.shutdown().await;
    Ok(())
}

/// Starts the machines and waits until the proxy knows all of them.
async fn stage(sim: &SimFly, plan: &Plan) -> Result<(), Failed> {
    sim.create_app("bench");
    sim.register_image(Image::new("registry.fly.io/bench:v1", [env!("CARGO_BIN_EXE_sim-app")]));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    let url = format!("{}/v1/apps/bench/machines", sim.api_url());
    let body = json!({ "config": {
        "image": "registry.fly.io/bench:v1",
        "services": [{
            "internal_port": 8080,
            "concurrency": { "type": plan.concurrency, "soft_limit": 1000 },
        }],
    } });
    for _ in 0..plan.machines {
        let created = client.post(&url).bearer_auth(sim.token()).json(&body).send().await?;
        created.error_for_status()?;
    }
    while sim.machines("bench").iter().any(|machine| machine.state != "started") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The programs begin to listen, and the proxy learns of them.
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(())
}

async fn load(address: &str, clients: usize, each: usize) -> Result<Seen, Failed> {
    let mut running = JoinSet::new();
    for _ in 0..clients {
        running.spawn(ask(address.to_owned(), each));
    }
    let mut all = Seen::default();
    while let Some(seen) = running.join_next().await {
        let seen = seen??;
        all.times.extend(seen.times);
        all.errors += seen.errors;
    }
    Ok(all)
}

/// Asks one after the other over one connection.
async fn ask(address: String, requests: usize) -> Result<Seen, Failed> {
    let stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let talk = async {
        let mut seen = Seen::default();
        for _ in 0..requests {
            let began = Instant::now();
            let request = Request::get("/").header("host", "bench").body(Empty::<Bytes>::new())?;
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            let good = response.status().is_success();
            response.into_body().collect().await?;
            seen.times.push(began.elapsed());
            seen.errors += usize::from(!good);
        }
        Ok(seen)
    };
    tokio::select! {
        seen = talk => seen,
        ended = connection => Err(ended.err().map_or_else(|| "closed".into(), Into::into)),
    }
}
