//! The command against the simulated Fly.io, from plan to history.

mod before;
mod built;
mod interrupted;
mod policy;
mod shut;
mod told;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pipeline_tests::{APP, SECRET, World, WorldConfig};
use serde_json::json;
use sim_flyio::{ApiRequest, Phase, Verdict};
use tokio::sync::Notify;

async fn world(strategy: &'static str) -> World {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    World::start(WorldConfig { program, strategy, machines: 3 }).await
}

fn json<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &["--format", "json"]].concat()
}

/// Requests all the time, from outside; ends with how many were not answered.
struct Users {
    stop: Arc<AtomicBool>,
    good: Arc<AtomicU64>,
    asking: tokio::task::JoinHandle<u64>,
}

impl Users {
    fn of(world: &World) -> Self {
        let (stop, url) = (Arc::new(AtomicBool::new(false)), world.url().to_owned());
        let good = Arc::new(AtomicU64::new(0));
        let (stopped, answered) = (Arc::clone(&stop), Arc::clone(&good));
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        let asking = tokio::spawn(async move {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let mut bad = 0;
            while !stopped.load(Ordering::Relaxed) {
                match client.get(&url).send().await {
                    Ok(answer) if answer.status().is_success() => {
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    _ => bad += 1,
                }
                tokio::time::sleep(std::time::Duration::from_millis(3)).await;
            }
            bad
        });
        Self { stop, good, asking }
    }

    fn good(&self) -> u64 {
        self.good.load(Ordering::Relaxed)
    }

    async fn bad(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.asking.await.expect("users do not panic")
    }
}

async fn loses_nothing(strategy: &'static str) {
    let world = world(strategy).await;
    let before = world.sim.ledger(APP).lost.len();
    let users = Users::of(&world);
    let mut version = 1;
    // As many deploys as it takes until the users' requests mean anything: a busy machine has few of them in one.
    while users.good() <= 50 {
        version += 1;
        assert!(version < 50, "nobody asks");
        let image = world.image(&format!("v{version}"), &[("DRAIN_MS", "50")]);
        world.run(&["deploy", "staging", "--image", &image]).await.expect(0);
    }
    let (good, bad) = (users.good(), users.bad().await);
    let ledger = world.sim.ledger(APP);
    let lost = &ledger.lost[before..];
    assert_eq!((bad, lost.len()), (0, 0), "of {good}: {lost:?}");
    assert_eq!(world.settled(3).await, Ok(format!("v{version}")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_deploy_loses_no_request() {
    loses_nothing("rolling").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bluegreen_deploy_loses_no_request() {
    loses_nothing("bluegreen").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_here_knows_survives_a_deploy_and_a_restore() {
    for (strategy, env, code) in [
        ("rolling", &[][..], 0),
        ("bluegreen", &[][..], 0),
        ("rolling", &[("FAIL_PATH", "/")][..], 30),
    ] {
        let world = world(strategy).await;
        let image = world.image("v2", env);
        world.run(&["deploy", "staging", "--image", &image]).await.expect(code);
        for machine in world.fleet().machines {
            assert_eq!(machine.config["x_unknown_to_us"], json!({ "keep": ["me", 1] }));
            assert_eq!(machine.config["metadata"]["fly_platform_version"], "v2");
            assert_eq!(machine.config["metadata"]["fly_process_group"], "app");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_brings_back_the_exact_configuration() {
    let world = world("rolling").await;
    let configs = |world: &World| {
        let mut all: Vec<_> =
            world.fleet().machines.into_iter().map(|it| (it.id, it.config)).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    let before = configs(&world);
    let image = world.image("v2", &[("FAIL_PATH", "/dashboard")]);
    let ran = world.run(&["deploy", "staging", "--image", &image]).await.expect(30);
    assert!(ran.stdout.contains("| staging | ROLLBACK |"), "{ran}");
    assert!(ran.stderr.contains("GET /dashboard"), "{ran}");
    assert!(ran.stdout.contains(" | traffic back after "), "{ran}");
    assert!(ran.stderr.contains("   traffic back after "), "{ran}");
    let history = world.run(&json(&["history"])).await.expect(0).json();
    let (back, all) = (&history["runs"][0]["traffic_back_ms"], &history["runs"][0]["duration_ms"]);
    assert!(back.as_u64() > Some(0) && back.as_u64() < all.as_u64(), "{history:#}");
    assert_eq!(configs(&world), before);
    assert_eq!(world.settled(3).await, Ok("v1".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_never_starts_goes_back() {
    for strategy in ["rolling", "bluegreen"] {
        let world = world(strategy).await;
        let image = world.image("v2", &[("CRASH_AFTER_MS", "0"), ("CRASH_CODE", "3")]);
        let ran = world.run(&["deploy", "staging", "--image", &image]).await.expect(20);
        assert!(ran.stderr.contains("exited with code 3"), "{ran}");
        assert_eq!(world.settled(3).await, Ok("v1".into()), "{ran}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_deploy_is_refused_at_once_and_told_who_holds_the_lock() {
    let world = world("rolling").await;
    let image = world.image("v2", &[]);
    let (reached, go) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let (told, gate) = (Arc::clone(&reached), Arc::clone(&go));
    world.sim.on_api_call(move |request: &ApiRequest| {
        if request.phase == Phase::Before {
            told.notify_one();
            if !gate.load(Ordering::SeqCst) {
                return Verdict::Delay(std::time::Duration::from_millis(300));
            }
        }
        Verdict::Proceed
    });
    let first = world.spawn(&["deploy", "staging", "--image", &image], &[]);
    let first = World::reached(&reached, first).await;
    let second = world.run(&["deploy", "staging", "--image", &image]).await.expect(12);
    go.store(true, Ordering::SeqCst);
    for word in ["tester", "since", "until", "flyio:shop-staging"] {
        assert!(second.stderr.contains(word), "no word of `{word}`: {second}");
    }
    World::ended(first).await.expect(0);
    assert_eq!(world.settled(3).await, Ok("v2".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rollback_brings_back_the_release_before_with_its_configuration() {
    let world = world("bluegreen").await;
    let (two, three) = (world.image("v2", &[]), world.image("v3", &[]));
    world.run(&["deploy", "staging", "--image", &two]).await.expect(0);
    let fly_toml = std::fs::read_to_string(world.path().join("fly.toml")).unwrap();
    world.write("fly.toml", &format!("{fly_toml}\n[env]\nNEW = \"yes\"\n"));
    world.run(&["deploy", "staging", "--image", &three]).await.expect(0);
    assert_eq!(world.fleet().machines[0].config["env"]["NEW"], "yes");
    let ran = world.run(&["rollback", "staging"]).await.expect(0);
    assert_eq!(world.settled(3).await, Ok("v2".into()), "{ran}");
    assert!(world.fleet().machines[0].config["env"].get("NEW").is_none(), "{ran}");
    world.run(&["rollback", "staging", "--to", "v2"]).await.expect(0);
    assert_eq!(world.settled(3).await, Ok("v3".into()));
    let history = world.run(&["history"]).await.expect(0);
    let lines: Vec<&str> = history.stdout.lines().collect();
    assert!(lines[0].ends_with(" | brings back v2"), "{history}");
    assert!(!lines[2].contains("brings back"), "{history}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_are_one_json_object_with_the_promised_keys() {
    let world = world("bluegreen").await;
    let image = world.image("v2", &[]);
    let plan = world.run(&json(&["plan", "staging", "--image", &image])).await.expect(0).json();
    for key in ["gates", "builder", "stages", "verifiers", "rollback", "warnings"] {
        assert!(plan.get(key).is_some(), "plan has no {key}: {plan:#}");
    }
    assert_eq!(plan["stages"].as_array().map(Vec::len), Some(3), "{plan:#}");
    let deploy = world.run(&json(&["deploy", "staging", "--image", &image])).await.expect(0).json();
    assert_eq!(deploy["conclusion"], "succeeded");
    let history = world.run(&json(&["history"])).await.expect(0).json();
    let run = &history["runs"][0];
    let keys = [
        "run",
        "version",
        "started",
        "environment",
        "outcome",
        "conclusion",
        "duration_ms",
        "image",
    ];
    for key in keys {
        assert!(!run[key].is_null(), "a run has no {key}: {run:#}");
    }
    assert_eq!(run.get("traffic_back_ms"), Some(&json!(null)), "nothing was taken back: {run:#}");
    let phases: Vec<_> =
        run["phases"].as_array().unwrap().iter().map(|it| it["phase"].clone()).collect();
    assert_eq!(phases, ["validate", "build", "deploy", "verify", "settle"]);
    let status = world.run(&json(&["status", "staging"])).await.expect(0).json();
    assert_eq!(status["machines"].as_array().map(Vec::len), Some(3), "{status:#}");
    assert_eq!((&status["release"], &status["lock"]), (&json!("v1"), &json!(null)), "{status:#}");
    let verify = world.run(&json(&["verify", "staging"])).await.expect(0).json();
    assert_eq!(verify["verdict"], "passed");
    // Four checks, through the public address and on each of three machines.
    assert_eq!(verify["checks"].as_array().map(Vec::len), Some(16), "{verify:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_numbered_json_lines_and_phases_come_in_order() {
    let world = world("rolling").await;
    let image = world.image("v2", &[]);
    let args = ["deploy", "staging", "--image", &image, "--events", "events.ndjson"];
    world.run(&args).await.expect(0);
    let text = std::fs::read_to_string(world.path().join("events.ndjson")).unwrap();
    let events: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(|it| it["schema"] == 1));
    assert!(events.iter().enumerate().all(|(n, it)| it["seq"] == n as u64 + 1));
    let phases: Vec<&str> = events
        .iter()
        .filter(|it| it["event"] == "phase_started")
        .map(|it| it["phase"].as_str().unwrap())
        .collect();
    assert_eq!(phases, ["validate", "build", "deploy", "deploy", "verify"]);
    assert_eq!(events.last().unwrap()["event"], "run_finished");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_changes_nothing_and_is_not_recorded() {
    let world = world("bluegreen").await;
    let image = world.image("v2", &[]);
    let before = world.fleet().machines.len();
    world.sim.on_api_call(|request: &ApiRequest| {
        assert_eq!(request.method, "GET", "a dry run only looks");
        Verdict::Proceed
    });
    let ran = world.run(&["deploy", "staging", "--image", &image, "--dry-run"]).await.expect(0);
    assert!(ran.stdout.contains("Plan for staging"), "{ran}");
    assert_eq!(world.fleet().machines.len(), before);
    let history = world.run(&["history"]).await.expect(0);
    assert_eq!(history.stdout, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_asks_and_nobody_there_is_a_no() {
    let world = world("rolling").await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    world.write("pipeline.toml", &toml.replace("strategy =", "confirm = true\nstrategy ="));
    let image = world.image("v2", &[]);
    let ran = world.run(&["deploy", "staging", "--image", &image]).await.expect(12);
    assert!(ran.stderr.contains("Plan for staging"), "the plan is shown first: {ran}");
    let asked = world.run(&json(&["deploy", "staging", "--image", &image])).await.expect(12);
    assert_eq!(asked.json()["exit"], 12, "one object, whatever is asked: {asked}");
    assert!(ran.stderr.contains("--yes"), "{ran}");
    assert_eq!(world.settled(3).await, Ok("v1".into()));
    world.run(&["deploy", "staging", "--image", &image, "--yes"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_ever_seen() {
    let world = world("bluegreen").await;
    let (good, bad) = (world.image("v2", &[]), world.image("v3", &[("FAIL_PATH", "/dashboard")]));
    let mut seen = String::new();
    let commands: [&[&str]; 9] = [
        &["plan", "staging", "--image", &good, "--verbose"],
        &["deploy", "staging", "--image", &good, "--verbose", "--events", "-"],
        &["deploy", "staging", "--image", &bad, "--verbose", "--events", "events.ndjson"],
        &["deploy", "staging", "--image", &bad, "--format", "json"],
        &["verify", "staging", "--verbose", "--format", "json"],
        &["status", "staging"],
        &["rollback", "staging", "--to", "v9"],
        &["history", "--format", "json"],
        &["resume"],
    ];
    for args in commands {
        seen.push_str(&world.run(args).await.to_string());
    }
    // A token that is refused, and an address that carries one.
    let wrong = [("FLY_API_TOKEN", "sentinel-fly-token-wrong")];
    let args = ["deploy", "staging", "--image", &good];
    seen.push_str(&world.run_with(&args, &wrong).await.to_string());
    for secret in [SECRET, "sentinel-fly-token"] {
        assert!(!seen.contains(secret), "{secret} was printed");
        for entry in files(world.path()) {
            let bytes = std::fs::read(&entry).unwrap();
            let found = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
            assert!(!found, "{secret} stands in {}", entry.display());
        }
    }
}

fn files(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).expect("a folder").map(|it| it.expect("an entry").path());
    entries.flat_map(|it| if it.is_dir() { files(&it) } else { vec![it] }).collect()
}
