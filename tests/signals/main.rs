//! Real signals to the real command: once stops at the next safe point, twice leaves at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipeline_tests::{Ran, World, WorldConfig};
use sim_flyio::{ApiRequest, Phase, Verdict};
use tokio::sync::Notify;

async fn world(strategy: &'static str) -> World {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    World::start(WorldConfig { program, strategy, machines: 3 }).await.with_short_leases()
}

/// Starts a deploy and sends it signals as soon as it makes a call for which `when` is true.
async fn signalled(
    world: &World,
    signals: &[Signal],
    when: impl Fn(&ApiRequest) -> bool + Send + Sync + 'static,
) -> Ran {
    let image = world.image("v2", &[]);
    let reached = Arc::new(Notify::new());
    let told = Arc::clone(&reached);
    world.sim.on_api_call(move |request: &ApiRequest| {
        if request.phase == Phase::Before && when(request) {
            told.notify_one();
            return Verdict::Delay(Duration::from_millis(1200));
        }
        Verdict::Proceed
    });
    let child = world.spawn(&["deploy", "staging", "--image", &image], &[]);
    let pid = Pid::from_raw(i32::try_from(child.id().expect("it runs")).expect("a pid"));
    let child = World::reached(&reached, child).await;
    kill(pid, signals[0]).expect("it runs");
    let ended = World::ended(child);
    tokio::pin!(ended);
    // Two signals of one kind at one moment are one signal: the second one comes until it was heard.
    let ran = loop {
        tokio::select! {
            ran = &mut ended => break ran,
            () = tokio::time::sleep(Duration::from_millis(300)) => {}
        }
        for signal in &signals[1..] {
            // It may be gone already.
            let _ = kill(pid, *signal);
        }
    };
    world.sim.on_api_call(|_| Verdict::Proceed);
    ran
}

fn is_update(request: &ApiRequest) -> bool {
    request.method == "POST" && request.path.split('/').count() == 6
}

fn is_create(request: &ApiRequest) -> bool {
    request.method == "POST" && request.path.ends_with("/machines")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_once_goes_back_and_says_so() {
    for (strategy, when) in
        [("rolling", is_update as fn(&ApiRequest) -> bool), ("bluegreen", is_create)]
    {
        let world = world(strategy).await;
        let ran = signalled(&world, &[Signal::SIGINT], when).await.expect(20);
        assert!(ran.stderr.contains("next safe point"), "{ran}");
        assert!(ran.stdout.contains("| staging | ROLLBACK |"), "{ran}");
        assert_eq!(world.settled(3).await, Ok("v1".into()), "{ran}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_twice_leaves_at_once_and_resume_goes_on() {
    let world = world("rolling").await;
    let ran = signalled(&world, &[Signal::SIGINT, Signal::SIGINT], is_update).await.expect(130);
    assert!(ran.stderr.contains("pipeline resume"), "{ran}");
    world.run(&["resume"]).await.expect(0);
    assert_eq!(world.settled(3).await, Ok("v2".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_twice_has_its_own_code_and_resume_takes_it_back() {
    let world = world("bluegreen").await;
    let ran = signalled(&world, &[Signal::SIGTERM, Signal::SIGTERM], is_create).await.expect(143);
    assert!(ran.stderr.contains("pipeline resume"), "{ran}");
    let deploy = world.run(&["deploy", "staging", "--image", "registry.fly.io/shop:v9"]).await;
    assert!(deploy.expect(12).stderr.contains("resume"), "an open run is never passed over");
    world.run(&["resume", "--back"]).await.expect(20);
    assert_eq!(world.settled(3).await, Ok("v1".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_before_anything_is_touched_is_an_abort() {
    let world = world("rolling").await;
    let asked = AtomicU64::new(0);
    // The machines are asked for before there is a run, and then by the run.
    let by_the_run =
        move |it: &ApiRequest| it.method == "GET" && asked.fetch_add(1, Ordering::Relaxed) > 0;
    let ran = signalled(&world, &[Signal::SIGINT], by_the_run).await.expect(130);
    assert!(ran.stdout.contains("| staging | ABORT |"), "{ran}");
    assert_eq!(world.settled(3).await, Ok("v1".into()));
}
