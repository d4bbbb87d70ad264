//! Machines as processes: how they start, how they are stopped, and that none is left behind.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use sim_flyio::{Image, SimConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::stage::{Stage, client, config, eventually, reference};

fn is_alive(pid: u32) -> bool {
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), None).is_ok()
}

async fn gone(pid: u32) {
    eventually("the end of a process", async || (!is_alive(pid)).then_some(())).await;
}

/// A machine without services and checks that runs a shell script.
fn script(stage: &Stage, tag: &str, script: &str) -> Value {
    stage.sim.register_image(Image::new(reference(tag), ["/bin/sh", "-c", script]));
    json!({ "image": reference(tag), "restart": { "policy": "no" } })
}

#[tokio::test]
async fn a_stop_sends_the_signal_and_the_app_ends_well() {
    let stage = Stage::new().await;
    let mut patient = config("v1");
    patient["stop_config"] = json!({ "timeout": "5m" });
    let path = stage.started(patient).await;
    let pid = stage.truth(&path).pid.unwrap();
    eventually("listening", async || {
        stage.visit("/", &[]).await.ok()?.status().is_success().then_some(())
    })
    .await;
    let began = Instant::now();
    let body = json!({ "signal": "SIGTERM", "timeout": "0s" });
    assert_eq!(stage.post(format!("{path}/stop"), body).await, (200, json!({ "ok": true })));
    stage.wait(&path, "stopped").await;
    assert!(began.elapsed() < Duration::from_mins(1), "it did not wait for the timeout");
    let event = &stage.event(&path, "exit").await;
    let exit = &event["request"]["exit_event"];
    assert_eq!((&exit["exit_code"], &exit["guest_signal"]), (&json!(0), &json!(-1)));
    assert_eq!((&exit["requested_stop"], &event["status"]), (&json!(true), &json!("stopped")));
    assert!(!is_alive(pid));
    assert_eq!(stage.act(format!("{path}/stop")).await.0, 200, "once more does no harm");
}

#[tokio::test]
async fn who_came_to_the_app_before_its_end_is_answered_even_if_it_had_not_looked_yet() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut app = Command::new(env!("CARGO_BIN_EXE_sim-app"));
    let mut app = app.env("PORT", port.to_string()).stdout(Stdio::null()).spawn().unwrap();
    let tell = |signal| kill(Pid::from_raw(i32::try_from(app.id()).unwrap()), signal).unwrap();
    let connect = async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
    eventually("listening", async || connect().await.ok()).await;
    tell(Signal::SIGSTOP);
    let mut waiting = connect().await.unwrap();
    waiting.write_all(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n").await.unwrap();
    tell(Signal::SIGTERM);
    tell(Signal::SIGCONT);
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(connect().await.is_err(), "it takes nobody any more");
    assert_eq!(app.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_process_that_will_not_stop_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let log_dir = Some(dir.path().to_owned());
    let stage = Stage::with(SimConfig { log_dir, ..SimConfig::default() }).await;
    let ignoring = "trap '' INT TERM; sleep 300 & echo $!; wait; wait; sleep 300";
    let stubborn = script(&stage, "stubborn", ignoring);
    let path = stage.started(stubborn).await;
    let truth = stage.truth(&path);
    let log = dir.path().join(format!("{}.log", truth.id));
    let child: u32 =
        eventually("a child", async || std::fs::read_to_string(&log).ok()?.trim().parse().ok())
            .await;
    assert!(is_alive(child));
    stage.post(format!("{path}/stop"), json!({ "timeout": "300ms" })).await;
    stage.wait(&path, "stopped").await;
    let exit = stage.event(&path, "exit").await["request"]["exit_event"].clone();
    assert_eq!((&exit["guest_signal"], &exit["exit_code"]), (&json!(9), &json!(137)));
    gone(truth.pid.unwrap()).await;
    gone(child).await;
}

#[tokio::test]
async fn a_crash_is_restarted_until_the_policy_gives_up() {
    let stage = Stage::new().await;
    let mut crashing = script(&stage, "crash", "exit 7");
    crashing["restart"] = json!({ "policy": "on-failure", "max_retries": 2 });
    let path = stage.create(json!({ "config": crashing })).await;
    stage.wait(&path, "stopped").await;
    let (_, events) = stage.get(format!("{path}/events")).await;
    let exits = events.as_array().unwrap().iter().filter(|event| event["type"] == "exit");
    let exits: Vec<(i64, bool, u64)> = exits
        .map(|event| &event["request"])
        .map(|request| {
            let exit = &request["exit_event"];
            let code = exit["exit_code"].as_i64().unwrap();
            let restarting = exit["restarting"].as_bool().unwrap();
            (code, restarting, request["restart_count"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(exits, [(7, false, 2), (7, true, 2), (7, true, 1)]);
}

#[tokio::test]
async fn a_killed_process_is_seen_as_killed() {
    let stage = Stage::new().await;
    let sleeper = script(&stage, "sleep", "exec sleep 300");
    let path = stage.started(sleeper).await;
    let (status, _) = stage.post(format!("{path}/signal"), json!({ "signal": 9 })).await;
    assert_eq!(status, 200);
    stage.wait(&path, "stopped").await;
    let exit = stage.event(&path, "exit").await["request"]["exit_event"].clone();
    assert_eq!((&exit["guest_signal"], &exit["requested_stop"]), (&json!(9), &json!(false)));
}

#[tokio::test]
async fn a_command_that_does_not_exist_fails_the_machine() {
    let stage = Stage::new().await;
    let mut missing = script(&stage, "missing", "");
    missing["init"] = json!({ "exec": ["/no/such/program"] });
    let path = stage.create(json!({ "config": missing })).await;
    stage.wait(&path, "failed").await;
    let event = stage.event(&path, "launch").await;
    assert_eq!(event["request"]["error"], "no such program: /no/such/program");
}

#[tokio::test]
async fn a_process_sees_its_own_environment_and_nothing_of_its_host() {
    let dir = tempfile::tempdir().unwrap();
    let log_dir = Some(dir.path().to_owned());
    let stage = Stage::with(SimConfig { log_dir, ..SimConfig::default() }).await;
    let mut printing = script(&stage, "env", "env");
    printing["env"] = json!({ "GREETING": "hello" });
    let path = stage.create(json!({ "config": printing })).await;
    stage.wait(&path, "stopped").await;
    let truth = stage.truth(&path);
    let log = std::fs::read_to_string(dir.path().join(format!("{}.log", truth.id))).unwrap();
    let value = |key: &str| {
        log.lines().find_map(|line| line.strip_prefix(&format!("{key}="))).map(str::to_owned)
    };
    assert_eq!(value("GREETING").as_deref(), Some("hello"));
    assert_eq!(value("FLY_MACHINE_ID"), Some(truth.id));
    assert_eq!(value("FLY_MACHINE_VERSION"), Some(truth.instance_id));
    assert_eq!(value("FLY_IMAGE_REF"), Some(truth.image));
    assert!(value("PORT").unwrap().parse::<u16>().is_ok());
    assert!(value("PATH").is_some());
    assert_eq!(value("CARGO_MANIFEST_DIR"), None, "{log}");
}

#[tokio::test]
async fn a_suspended_machine_goes_on_with_the_same_process() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let pid = stage.truth(&path).pid;
    assert_eq!(stage.act(format!("{path}/suspend")).await.0, 200);
    stage.wait(&path, "suspended").await;
    assert_eq!(stage.act(format!("{path}/start")).await.1["previous_state"], "suspended");
    stage.wait(&path, "started").await;
    assert_eq!(stage.truth(&path).pid, pid);
    assert_eq!(stage.act(format!("{path}/suspend")).await.0, 200);
    assert_eq!(stage.delete(&path).await.0, 200, "idle enough to be destroyed");
    gone(pid.unwrap()).await;
}

#[tokio::test]
async fn nothing_is_left_of_a_simulator_that_was_shut_down_or_dropped() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let pid = stage.truth(&path).pid.unwrap();
    let url = stage.sim.api_url();
    stage.sim.shutdown().await;
    assert!(!is_alive(pid));
    assert!(client().get(url).send().await.is_err());
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let pid = stage.truth(&path).pid.unwrap();
    drop(stage);
    gone(pid).await;
}

#[test]
fn machines_die_with_a_simulator_that_is_killed() {
    let mut simulator = Command::new(std::env::current_exe().unwrap())
        .args(["processes::a_simulator_to_be_killed", "--exact", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(simulator.stdout.take().unwrap()).lines();
    let mut pids = lines.map_while(Result::ok).filter_map(|line| {
        line.rsplit_once("machine process ").and_then(|(_, pid)| pid.trim().parse::<u32>().ok())
    });
    let (app, sleep) = (pids.next().unwrap(), pids.next().unwrap());
    assert!(is_alive(app) && is_alive(sleep));
    kill(Pid::from_raw(i32::try_from(simulator.id()).unwrap()), Signal::SIGKILL).unwrap();
    simulator.wait().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(gone(app));
    if Path::new("/usr/bin/setpriv").exists() {
        runtime.block_on(gone(sleep)); // it does not look after itself: the kernel must
    } else {
        kill(Pid::from_raw(i32::try_from(sleep).unwrap()), Signal::SIGKILL).unwrap();
    }
}

/// All processes that name `simulator` as theirs.
fn machines_of(simulator: u32) -> Vec<String> {
    let named = format!("SIM_FLYIO_PID={simulator}:");
    let processes = std::fs::read_dir("/proc").unwrap().flatten().filter(|process| {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|it| it.starts_with(named.as_bytes()))
    });
    processes.map(|process| process.path().display().to_string()).collect()
}

#[tokio::test]
async fn what_a_killed_simulator_had_just_started_is_killed_by_the_next_one() {
    let mut killed = Vec::new();
    for round in 0..15 {
        let mut simulator = Command::new(std::env::current_exe().unwrap())
            .args(["processes::a_simulator_that_starts_machines", "--exact", "--ignored"])
            .arg("--nocapture")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(simulator.stdout.take().unwrap()).lines();
        lines.find(|line| line.as_ref().unwrap().contains("starting")).unwrap().unwrap();
        std::thread::sleep(Duration::from_millis(10 + round)); // into the midst of the starts
        simulator.kill().unwrap();
        simulator.wait().unwrap();
        killed.push(simulator.id());
    }
    let stage = Stage::new().await;
    stage.started(config("v1")).await;
    for simulator in killed {
        eventually("the end of all machines", async || {
            machines_of(simulator).is_empty().then_some(())
        })
        .await;
    }
}

/// Not a test by itself: the process that the test above kills.
#[tokio::test]
#[ignore = "run by what_a_killed_simulator_had_just_started_is_killed_by_the_next_one"]
async fn a_simulator_that_starts_machines() {
    let stage = Stage::new().await;
    let config = script(&stage, "sleep", "exec sleep 300");
    println!("starting");
    loop {
        stage.create(json!({ "config": config })).await;
    }
}

/// Not a test by itself: the process that the test above kills.
#[tokio::test]
#[ignore = "run by machines_die_with_a_simulator_that_is_killed"]
async fn a_simulator_to_be_killed() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    println!("machine process {}", stage.truth(&path).pid.unwrap());
    let path = stage.started(script(&stage, "sleep", "exec sleep 300")).await;
    let sleep = stage.truth(&path).pid.unwrap();
    eventually("setpriv to have become what it runs", async || {
        let name = std::fs::read_to_string(format!("/proc/{sleep}/comm")).unwrap();
        (name.trim() == "sleep").then_some(())
    })
    .await;
    println!("machine process {sleep}");
    std::future::pending::<()>().await;
}
