//! What a simulator carries: machines inside it with health checks, what an idle one costs in
//! memory, and how many requests the proxy relays to them from clients with keep-alive connections.
//!
//! `cargo bench -p sim-flyio -- --machines 1000 --requests 200000 --clients 32 --concurrency requests`,
//! and `--processes` for processes in place of machines inside the simulator.

#![expect(clippy::print_stdout, reason = "a report is what it is for")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sim_flyio::{Image, MachineView, SimConfig, SimFly};
use tokio::{net::TcpStream, task::JoinSet};

type Failed = Box<dyn Error + Send + Sync>;

/// What to measure.
struct Plan {
    machines: usize,
    requests: usize,
    clients: usize,
    concurrency: String,
    processes: bool,
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
            machines: number("machines", 1000)?,
            requests: number("requests", 200_000)?,
            clients: number("clients", 32)?,
            concurrency: value("concurrency").unwrap_or("requests").to_owned(),
            processes: words.iter().any(|word| word == "--processes"),
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
    let ledger = sim.ledger("bench");
    seen.times.sort();
    let at = |percent: usize| seen.times[seen.times.len().saturating_sub(1) * percent / 100];
    println!(
        "proxy: {} clients, type {}: {} requests, {} requests/s, {} errors, {} lost",
        plan.clients,
        plan.concurrency,
        seen.times.len(),
        seen.times.len() as u128 * 1000 / took.as_millis().max(1),
        seen.errors,
        ledger.lost.len() - before.lost.len(),
    );
    println!("proxy: p50 {:.2?}, p99 {:.2?}, longest {:.2?}", at(50), at(99), at(100));
    assert_eq!(ledger.answered - before.answered, seen.times.len() as u64, "every one is counted");
    sim.shutdown().await;
    Ok(())
}

/// Memory of this process that is in use, in KiB (proc(5), `VmRSS`).
fn resident_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Starts the machines and waits until the proxy knows all of them.
async fn stage(sim: &SimFly, plan: &Plan) -> Result<(), Failed> {
    sim.create_app("bench");
    let reference = "registry.fly.io/bench:v1";
    sim.register_image(if plan.processes {
        Image::new(reference, [env!("CARGO_BIN_EXE_sim-app")])
    } else {
        Image::inside(reference)
    });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    let url = format!("{}/v1/apps/bench/machines", sim.api_url());
    let (began, memory) = (Instant::now(), resident_kb());
    for _ in 0..plan.machines {
        let created =
            client.post(&url).bearer_auth(sim.token()).json(&machine(plan)).send().await?;
        created.error_for_status()?;
    }
    let started = |machine: &MachineView| machine.state == "started";
    let healthy = |machine: &MachineView| machine.checks.iter().all(|it| it.status == "passing");
    while !sim.machines("bench").iter().all(|machine| started(machine) && healthy(machine)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("{} machines are started and healthy after {:.2?}", plan.machines, began.elapsed());
    if let (Some(before), Some(after), false) = (memory, resident_kb(), plan.processes) {
        let each = after.saturating_sub(before) / plan.machines.max(1) as u64;
        println!("memory of an idle machine: {each} KiB ({before} KiB without any)");
    }
    tokio::time::sleep(Duration::from_secs(1)).await; // the proxy learns of them
    Ok(())
}

fn machine(plan: &Plan) -> Value {
    json!({ "config": {
        "image": "registry.fly.io/bench:v1",
        "services": [{
            "internal_port": 8080,
            "concurrency": { "type": plan.concurrency, "soft_limit": 1000 },
            "checks": [{ "type": "http", "path": "/api/v1/health", "interval": "10s" }],
        }],
    } })
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
