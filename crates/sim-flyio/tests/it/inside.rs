//! Machines inside the simulator: as good as processes, and on virtual time.

use std::time::Duration;

use serde_json::{Value, json};
use sim_flyio::{Image, SimConfig};
use tokio::time::Instant;

use crate::stage::{MACHINES, Stage, config, eventually, path, reference};

/// A stage on a clock that tests may pause, where all that is left to chance follows from `seed`.
async fn stage(seed: u64) -> Stage {
    let starts_at = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let config = SimConfig { seed: Some(seed), starts_at, ..SimConfig::default() };
    let stage = Stage::exactly(config).await;
    inside(&stage, "v1", &[]);
    inside(&stage, "v2", &[]);
    stage
}

fn inside(stage: &Stage, tag: &str, env: &[(&str, &str)]) {
    let env = env.iter().copied().chain([("APP_VERSION", tag)]);
    stage.sim.register_image(Image::inside(reference(tag)).env(env));
}

/// As [`config`], but with times as they are in real life.
fn slow(tag: &str) -> Value {
    let mut config = config(tag);
    config["services"][0]["checks"][0]["interval"] = json!("15s");
    config["services"][0]["checks"][0]["grace_period"] = json!("30s");
    config
}

/// Rolls three machines over, one after the other, and waits for the checks of each.
async fn roll(stage: &Stage) -> Duration {
    let began = Instant::now();
    let mut paths = Vec::new();
    for _ in 0..3 {
        paths.push(stage.started(slow("v1")).await);
    }
    for path in &paths {
        let (status, machine) = stage.post(path, json!({ "config": slow("v2") })).await;
        assert_eq!(status, 200, "{machine}");
        let version = machine["instance_id"].as_str().unwrap();
        let (status, _) = stage.get(format!("{path}/wait?version={version}&timeout=60")).await;
        assert_eq!(status, 200);
        healthy(stage, path).await;
    }
    began.elapsed()
}

async fn healthy(stage: &Stage, path: &str) {
    for _ in 0..60 {
        if stage.get(path).await.1["checks"][0]["status"] == "passing" {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{path} never passed its checks");
}

#[tokio::test(start_paused = true)]
async fn minutes_of_a_deploy_pass_in_no_time_and_the_same_seed_makes_the_same_history() {
    let mut histories = Vec::new();
    for _ in 0..2 {
        let stage = stage(7).await;
        let took = roll(&stage).await;
        assert!(took > Duration::from_secs(90), "three grace periods of 30 s: {took:?}");
        let versions: Vec<Value> = stage.get(MACHINES).await.1.as_array().unwrap().clone();
        histories.push((stage.sim.journal(), versions, took));
        stage.sim.shutdown().await;
    }
    let [first, second] = [&histories[0], &histories[1]];
    assert_eq!(first.0, second.0);
    assert_eq!(first.1, second.1);
    assert_eq!(first.2, second.2);
    let other = stage(8).await;
    roll(&other).await;
    assert_ne!(other.get(MACHINES).await.1[0]["id"], first.1[0]["id"]);
}

#[tokio::test]
async fn it_is_served_and_checked_and_stops_like_a_process() {
    let stage = Stage::new().await;
    inside(&stage, "in", &[("DRAIN_MS", "20")]);
    let machine = stage.started(config("in")).await;
    let answer = eventually("an answer", async || {
        let answer = stage.visit("/", &[]).await.ok()?;
        answer.status().is_success().then_some(answer)
    });
    let answer = answer.await;
    assert_eq!(path(answer.headers()["x-machine-id"].to_str().unwrap()), machine);
    assert_eq!(answer.headers()["x-app-version"], "in");
    assert_eq!(stage.truth(&machine).pid, None);
    stage.act(format!("{machine}/stop")).await;
    assert_eq!(stage.get(format!("{machine}/wait?state=stopped")).await.0, 200);
    let exit = stage.event(&machine, "exit").await["request"]["exit_event"].clone();
    assert_eq!((&exit["exit_code"], &exit["requested_stop"]), (&json!(0), &json!(true)));
    stage.act(format!("{machine}/start")).await;
    assert_eq!(stage.get(format!("{machine}/wait")).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn one_that_ignores_its_signal_is_killed_when_its_time_is_over() {
    let stage = stage(1).await;
    inside(&stage, "deaf", &[("IGNORE_TERM", "1")]);
    let mut config = config("deaf");
    config["stop_config"] = json!({ "timeout": "4m" });
    let machine = stage.started(config).await;
    let began = Instant::now();
    stage.act(format!("{machine}/stop")).await;
    for _ in 0..5 {
        stage.get(format!("{machine}/wait?state=stopped&timeout=60")).await;
    }
    assert_eq!(began.elapsed().as_secs(), 240);
    let exit = stage.event(&machine, "exit").await["request"]["exit_event"].clone();
    assert_eq!((&exit["exit_code"], &exit["guest_signal"]), (&json!(137), &json!(9)));
}

#[tokio::test(start_paused = true)]
async fn one_that_stands_still_answers_nothing_until_it_goes_on() {
    let stage = stage(1).await;
    let machine = stage.started(slow("v1")).await;
    healthy(&stage, &machine).await;
    stage.act(format!("{machine}/suspend")).await;
    assert_eq!(stage.truth(&machine).state, "suspended");
    stage.act(format!("{machine}/start")).await;
    assert_eq!(stage.get(format!("{machine}/wait")).await.0, 200);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(stage.visit("/", &[]).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn one_that_wants_too_much_memory_is_killed_and_the_event_says_so() {
    let stage = stage(1).await;
    inside(&stage, "greedy", &[("MEMORY_MB", "100"), ("MEMORY_GROWTH_MB_S", "10")]);
    let mut config = config("greedy");
    config["guest"] = json!({ "memory_mb": 256 });
    config["restart"] = json!({ "policy": "no" });
    let machine = stage.started(config).await;
    let began = Instant::now();
    assert_eq!(stage.get(format!("{machine}/wait?state=stopped")).await.0, 200);
    assert_eq!(began.elapsed().as_millis(), 15_600);
    let exit = stage.event(&machine, "exit").await["request"]["exit_event"].clone();
    assert_eq!((&exit["oom_killed"], &exit["exit_code"]), (&json!(true), &json!(137)));
}

#[tokio::test]
async fn a_process_that_wants_too_much_memory_is_killed_and_the_event_says_so() {
    let stage = Stage::new().await;
    stage.image("greedy", &[("MEMORY_MB", "96")]);
    let mut config = config("greedy");
    config["guest"] = json!({ "memory_mb": 64 });
    config["restart"] = json!({ "policy": "no" });
    let machine = stage.started(config).await;
    assert_eq!(stage.get(format!("{machine}/wait?state=stopped")).await.0, 200);
    let exit = stage.event(&machine, "exit").await["request"]["exit_event"].clone();
    assert_eq!((&exit["oom_killed"], &exit["guest_signal"]), (&json!(true), &json!(9)));
}

#[tokio::test(start_paused = true)]
async fn a_bad_environment_fails_the_boot_and_a_crash_is_restarted_as_the_policy_says() {
    let stage = stage(1).await;
    inside(&stage, "unreadable", &[("LATENCY_MS", "slow")]);
    inside(&stage, "crash", &[("CRASH_AFTER_MS", "1000"), ("CRASH_CODE", "3")]);
    let broken = stage.create(json!({ "config": config("unreadable") })).await;
    assert_eq!(stage.get(format!("{broken}/wait?state=failed")).await.0, 200);
    let mut config = config("crash");
    config["restart"] = json!({ "policy": "on-failure", "max_retries": 2 });
    let crash = stage.started(config).await;
    assert_eq!(stage.get(format!("{crash}/wait?state=stopped")).await.0, 200);
    let exit = stage.event(&crash, "exit").await["request"].clone();
    assert_eq!((&exit["exit_event"]["exit_code"], &exit["restart_count"]), (&json!(3), &json!(2)));
}
