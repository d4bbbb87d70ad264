//! How long deploys take: on virtual time with the delays of the real platform, beside the least time that is
//! possible; and in real time beside flyctl, where `FLYCTL` names one.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

mod flyctl;
mod minimum;
#[path = "../../tests/fly/run.rs"]
#[expect(dead_code, reason = "it is shared with tests")]
mod run;
mod shop;

use std::path::Path;
use std::time::Duration;

use target_flyio::Strategy;

use crate::minimum::Day;
use crate::shop::{Shop, Took, name, program};

/// Calls that come too often are refused, as they are at Fly.io.
const RATE_LIMITS: bool = true;

/// An ordinary day (fly.io docs: configuration, monitoring/error-codes, blueprints).
const DAY: Day = Day {
    propagation: Duration::from_secs(2),
    boot: Duration::from_secs(3),
    grace: Duration::from_secs(5),
    interval: Duration::from_secs(10),
    call: Duration::from_millis(80),
    ending: Duration::from_secs(1),
    max_unavailable: 0.33,
    limited: RATE_LIMITS,
};

const STRATEGIES: [Strategy; 4] =
    [Strategy::Rolling, Strategy::Canary, Strategy::BlueGreen, Strategy::Immediate];
const SIZES: [u32; 5] = [1, 3, 10, 30, 100];
/// What is deployed in real time too, which takes minutes.
const REAL_SIZES: [u32; 3] = [1, 3, 10];

fn main() {
    let limits = if RATE_LIMITS { "on" } else { "off" };
    println!("deploys on virtual time, rate limits {limits}");
    println!(
        "flyctl*: an ESTIMATE from the constants in its source, not measured; immediate waits for nothing"
    );
    println!("strategy   machines      ours   minimum  ratio   flyctl*  ratio  calls");
    for strategy in STRATEGIES {
        for machines in SIZES {
            let took = virtually(async || Shop::with(DAY, machines).await.ours(strategy).await);
            line((strategy, machines), &took);
        }
    }
    match program() {
        Some(program) => beside(&program),
        None => println!("deploys beside flyctl: LEFT OUT, FLYCTL names none"),
    }
}

fn line((strategy, machines): (Strategy, u32), took: &Took) {
    let least = DAY.minimum(strategy, machines);
    let (ours, name) = (took.time.as_secs_f64(), name(strategy));
    let theirs = DAY.flyctl(strategy, machines);
    let beside = ratio(took.time, theirs);
    let (least, theirs, ratio) =
        (least.as_secs_f64(), theirs.as_secs_f64(), ratio(took.time, least));
    let calls: Vec<String> = took.calls.iter().map(|(name, n)| format!("{name} {n}")).collect();
    let (all, calls) = (took.calls.values().sum::<usize>(), calls.join(", "));
    println!(
        "{name:<10} {machines:>8} {ours:>8.1}s {least:>8.1}s {ratio:>6.2} {theirs:>8.1}s {beside:>6.2}  {all}: {calls}"
    );
}

/// The same in real time, and with flyctl.
fn beside(program: &Path) {
    println!("deploys in real time");
    println!("strategy   machines      ours    flyctl  ratio");
    for strategy in STRATEGIES {
        for machines in REAL_SIZES {
            let ours = really(async || Shop::with(DAY, machines).await.ours(strategy).await);
            let theirs =
                really(async || Shop::with(DAY, machines).await.flyctl(program, strategy).await);
            let (name, ratio) = (name(strategy), ratio(ours.time, theirs.time));
            let (ours, theirs) = (ours.time.as_secs_f64(), theirs.time.as_secs_f64());
            println!("{name:<10} {machines:>8} {ours:>8.1}s {theirs:>8.1}s {ratio:>6.2}");
        }
    }
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn virtually<T>(work: impl AsyncFnOnce() -> T) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap().block_on(work())
}

fn really<T>(work: impl AsyncFnOnce() -> T) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().unwrap().block_on(work())
}
