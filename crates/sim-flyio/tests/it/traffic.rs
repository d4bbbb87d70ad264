//! Deploys under traffic: what clients see is what the ledger says.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use sim_flyio::Ledger;
use tokio::task::JoinSet;

use crate::stage::{Stage, client, config, eventually, path};

/// Clients that ask without a pause until they are told to stop.
struct Traffic {
    clients: JoinSet<()>,
    stop: Arc<AtomicBool>,
    failed: Arc<AtomicUsize>,
    /// How many requests of each client are over.
    over: [Arc<AtomicUsize>; 4],
}

impl Traffic {
    async fn start(stage: &Stage, path: &str) -> Self {
        let url = stage.sim.app_url("shop").await.unwrap() + path;
        let (stop, failed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let over: [Arc<AtomicUsize>; 4] = Default::default();
        let mut clients = JoinSet::new();
        for over in over.clone() {
            let (url, stop, failed) = (url.clone(), Arc::clone(&stop), Arc::clone(&failed));
            clients.spawn(async move {
                let client = client();
                while !stop.load(Ordering::Relaxed) {
                    let failure = ask(&client, &url).await.is_err();
                    failed.fetch_add(usize::from(failure), Ordering::Relaxed);
                    over.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Self { clients, stop, failed, over }
    }

    /// Waits until nothing that was begun before is under way any more.
    async fn moves_on(&self) {
        let over = || self.over.iter().map(|it| it.load(Ordering::Relaxed));
        let before: Vec<usize> = over().collect();
        eventually("one more answer to each client", async || {
            over().zip(&before).all(|(now, before)| now > *before).then_some(())
        })
        .await;
    }

    /// Ends the traffic; returns how many requests failed in the eyes of the clients.
    async fn end(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        self.failed.load(Ordering::Relaxed)
    }
}

/// Asks once, up to the last byte of a good answer.
async fn ask(client: &reqwest::Client, url: &str) -> reqwest::Result<()> {
    client.get(url).send().await?.error_for_status()?.bytes().await.map(drop)
}

/// Two machines that get traffic.
async fn two(stage: &Stage, tag: &str) -> [String; 2] {
    let machines = [stage.started(config(tag)).await, stage.started(config(tag)).await];
    for machine in &machines {
        gets_traffic(stage, machine).await;
    }
    machines
}

/// Waits until the proxy sends users to a machine.
async fn gets_traffic(stage: &Stage, machine: &str) {
    eventually("traffic to a machine", async || {
        let response = stage.visit("/", &[]).await.unwrap();
        (path(response.headers().get("x-machine-id")?.to_str().unwrap()) == machine).then_some(())
    })
    .await;
}

/// How long it takes at most until the proxy has learnt of a cordon.
const PROPAGATION: Duration = Duration::from_millis(200);

fn since(before: &Ledger, after: &Ledger) -> usize {
    after.lost.len() - before.lost.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_update_that_cordons_and_waits_loses_nothing() {
    let stage = Stage::new().await;
    let machines = two(&stage, "v1").await;
    let before = stage.sim.ledger("shop");
    let traffic = Traffic::start(&stage, "/").await;
    for machine in &machines {
        stage.act(format!("{machine}/cordon")).await;
        tokio::time::sleep(PROPAGATION).await;
        traffic.moves_on().await;
        stage.post(machine, json!({ "config": config("v2") })).await;
        stage.wait(machine, "started").await;
        stage.act(format!("{machine}/uncordon")).await;
        gets_traffic(&stage, machine).await;
    }
    let failed = traffic.end().await;
    let after = stage.sim.ledger("shop");
    assert_eq!((failed, since(&before, &after)), (0, 0), "{:?}", after.lost);
    assert!(after.answered > before.answered);
    for machine in stage.sim.machines("shop") {
        assert!(machine.image.contains(":v2@"), "{}", machine.image);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_that_are_killed_under_traffic_lose_what_the_ledger_says() {
    let stage = Stage::new().await;
    let machines = two(&stage, "v1").await;
    let before = stage.sim.ledger("shop");
    let traffic = Traffic::start(&stage, "/slow?ms=3600000").await; // until they are killed
    eventually("requests on both machines", async || {
        (stage.sim.ledger("shop").in_flight == 4).then_some(())
    })
    .await;
    for machine in &machines {
        stage.post(format!("{machine}/stop"), json!({ "signal": "SIGKILL" })).await;
    }
    eventually("refused users", async || {
        (since(&before, &stage.sim.ledger("shop")) > 10).then_some(())
    })
    .await;
    let failed = traffic.end().await;
    let after = stage.sim.ledger("shop");
    assert_eq!(failed, since(&before, &after));
    let cut = after.lost.iter().filter(|lost| lost.machine.is_some()).count();
    assert!(cut > 0, "{:?}", after.lost);
}
