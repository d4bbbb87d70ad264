//! The promise: `kill -9` at any instant leaves nothing that `pipeline resume` cannot finish or undo.
//!
//! The command is killed before and after every journal write, and during every call to the Machines API
//! (once so that the call never happened, once so that it happened and nobody heard the answer), of rolling
//! and blue-green deploys of three machines, of a good and of a bad release. Each time `resume` must end
//! with every machine wholly new or wholly old and verified, no lease, nothing left over, and the truth told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use futures::stream::{self, StreamExt};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipeline_tests::{Ran, World, WorldConfig};
use sim_flyio::{ApiRequest, Phase, Verdict};

/// How many machines run.
const MACHINES: usize = 3;

/// How many worlds live side by side.
const AT_ONCE: usize = 6;

/// One way to die.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// At the N-th journal write.
    Journal(&'static str, u32),
    /// During the N-th API call, which then never happens.
    BeforeCall(u64),
    /// During the N-th API call, which has happened.
    AfterCall(u64),
}

#[derive(Clone, Copy, Debug)]
struct Case {
    strategy: &'static str,
    good: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_rolling_deploy_survives_every_death() {
    matrix(Case { strategy: "rolling", good: true }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_rolling_deploy_survives_every_death() {
    matrix(Case { strategy: "rolling", good: false }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_bluegreen_deploy_survives_every_death() {
    matrix(Case { strategy: "bluegreen", good: true }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_bluegreen_deploy_survives_every_death() {
    matrix(Case { strategy: "bluegreen", good: false }).await;
}

#[expect(
    clippy::print_stdout,
    reason = "how many deaths there were is what a reader wants to know"
)]
async fn matrix(case: Case) {
    let (calls, writes) = undisturbed(case).await;
    let deaths = (1..=writes)
        .flat_map(|n| [Death::Journal("before", n), Death::Journal("after", n)])
        .chain((1..=calls).flat_map(|n| [Death::BeforeCall(n), Death::AfterCall(n)]));
    let ends: Vec<(Death, Result<&str, String>)> = stream::iter(deaths)
        .map(|death| async move { (death, survive(case, death).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (death, end) in ends {
        match end {
            Ok(end) => *told.entry(end).or_default() += 1,
            Err(why) => wrong.push(format!("{death:?}: {why}")),
        }
    }
    println!("{case:?}: {calls} API calls, {writes} journal writes; {told:?}");
    assert!(wrong.is_empty(), "{} of the deaths of {case:?}:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// A run that nobody kills: how many calls and writes there are to die at.
async fn undisturbed(case: Case) -> (u64, u32) {
    let (world, image) = world(case).await;
    let before = world.sim.journal().len();
    let ran = world.run(&["deploy", "staging", "--image", &image]).await;
    check(&world, case, &ran).await.expect("an undisturbed run ends well");
    let calls = world.sim.journal().len() - before;
    (calls as u64, writes(&world).await)
}

async fn store(world: &World) -> store_sql::Store {
    let url = format!("sqlite:{}", world.path().join(".pipeline/pipeline.db").display());
    store_sql::Store::open(&url, || std::time::UNIX_EPOCH).await.expect("the store")
}

/// Is the only run recorded?
async fn has_begun(world: &World) -> bool {
    store(world).await.run("v1").await.expect("the store answers").is_some()
}

/// How many records the only run has left.
async fn writes(world: &World) -> u32 {
    let store = store(world).await;
    let run = store.run("v1").await.expect("the store answers").expect("the run is recorded");
    let records = store.records(&run.id).await.expect("its records can be read");
    u32::try_from(records.len()).expect("a run has few records")
}

/// Dies, resumes, and looks.
async fn survive(case: Case, death: Death) -> Result<&'static str, String> {
    let (world, image) = world(case).await;
    let args = ["deploy", "staging", "--image", &image];
    let first = match death {
        Death::Journal(moment, n) => {
            let at = format!("{moment}:{n}");
            World::ended(world.spawn(&args, &[("PIPELINE_TEST_DIE", &at)])).await
        }
        Death::BeforeCall(n) => killed_at_call(&world, &args, n, Phase::Before).await,
        Death::AfterCall(n) => killed_at_call(&world, &args, n, Phase::After).await,
    };
    if first.code.is_some() {
        // It ended before it came to that call: there are fewer polls in this run than in the other.
        return check(&world, case, &first).await.map(|()| "ended before its death");
    }
    let resumed = world.run(&["resume"]).await;
    if !has_begun(&world).await {
        // It died while it asked whether it could begin.
        if resumed.code != Some(2) || !resumed.stderr.contains("there is nothing to resume") {
            return Err(format!("nothing began: {resumed}"));
        }
        return whole(&world, "v1").await.map(|()| "died before a run began");
    }
    check(&world, case, &resumed).await.map_err(|why| format!("{why}\nfirst: {first}"))?;
    Ok("resumed")
}

async fn killed_at_call(world: &World, args: &[&str], n: u64, phase: Phase) -> Ran {
    let (calls, pid) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicI32::new(0)));
    let victim = Arc::clone(&pid);
    world.sim.on_api_call(move |request: &ApiRequest| {
        if request.phase == Phase::Before {
            calls.fetch_add(1, Ordering::SeqCst);
        }
        if request.phase != phase || calls.load(Ordering::SeqCst) != n {
            return Verdict::Proceed;
        }
        let pid = victim.swap(0, Ordering::SeqCst);
        if pid == 0 {
            return Verdict::Proceed;
        }
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("the command runs");
        if phase == Phase::Before { Verdict::ResetBeforeCommit } else { Verdict::ResetAfterCommit }
    });
    let child = world.spawn(args, &[]);
    pid.store(i32::try_from(child.id().expect("it runs")).expect("a pid"), Ordering::SeqCst);
    let ran = World::ended(child).await;
    world.sim.on_api_call(|_| Verdict::Proceed);
    ran
}

/// The end must be what the command said it is, and what such a release must come to.
async fn check(world: &World, case: Case, ran: &Ran) -> Result<(), String> {
    let (codes, version): (&[i32], &str) = if case.good { (&[0], "v2") } else { (&[30], "v1") };
    let code = ran.code.ok_or_else(|| format!("killed: {ran}"))?;
    if !codes.contains(&code) {
        return Err(format!("exit code {code}, not one of {codes:?}: {ran}"));
    }
    whole(world, version).await.map_err(|why| format!("{why}\n{ran}"))
}

async fn whole(world: &World, version: &str) -> Result<(), String> {
    let runs = world.settled(MACHINES).await?;
    if runs != version {
        return Err(format!("{runs} runs, not {version}"));
    }
    match world.served().await {
        Some(served) if served == version => Ok(()),
        other => Err(format!("users see {other:?}, not {version}")),
    }
}

async fn world(case: Case) -> (World, String) {
    let config = WorldConfig {
        program: env!("CARGO_BIN_EXE_pipeline_under_test"),
        strategy: case.strategy,
        machines: MACHINES,
    };
    let world = World::start(config).await.with_short_leases();
    let env: &[(&str, &str)] = if case.good { &[] } else { &[("FAIL_PATH", "/dashboard")] };
    let image = world.image("v2", env);
    (world, image)
}
