//! `pipeline rehearse` and `pipeline sim`, as their users have them: the simulator is the command's own.

mod sim;

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipeline_tests::{APP, World, WorldConfig};
use serde_json::json;
use tokio::process::Child;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pipeline_under_test");

/// A project, and a folder for whatever is temporary.
async fn world(strategy: &'static str) -> (World, PathBuf) {
    let config = WorldConfig { program: PROGRAM, strategy, machines: 0 };
    let world = World::start(config).await;
    let tmp = world.path().join("tmp");
    std::fs::create_dir(&tmp).expect("a folder");
    (world, tmp)
}

fn temporary(tmp: &Path) -> [(&'static str, &str); 1] {
    [("TMPDIR", tmp.to_str().expect("a path of plain letters"))]
}

fn left_over(tmp: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(tmp).expect("the folder is there");
    entries.map(|it| it.expect("an entry").path()).collect()
}

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id().expect("it runs")).expect("a pid");
    kill(Pid::from_raw(pid), signal).expect("it runs");
}

/// Machines that are processes have the folder for what is temporary as their home.
fn machines(tmp: &Path) -> Vec<PathBuf> {
    let home = format!("HOME={}", tmp.display());
    let processes = std::fs::read_dir("/proc").expect("this is Linux").flatten();
    let paths = processes.map(|it| it.path());
    let runs = |path: &PathBuf| {
        let environment = std::fs::read(path.join("environ")).unwrap_or_default();
        environment.split(|it| *it == 0).any(|it| it == home.as_bytes())
    };
    paths.filter(runs).collect()
}

/// What was killed may take a moment to be gone.
async fn gone(tmp: &Path) {
    until("no machine is left", || machines(tmp).is_empty()).await;
}

/// Waits, for a bounded time, until it is so.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..2_400 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within two minutes: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_release_survives_a_lost_answer_and_the_faults_are_counted() {
    let (world, tmp) = world("bluegreen").await;
    let args = [
        "rehearse",
        "staging",
        "--format",
        "json",
        "--seed",
        "7",
        "--journal",
        "calls.ndjson",
        "--fault",
        "create@1=408-after",
        "--fault",
        "list@99=empty",
    ];
    let ran = world.run_with(&args, &temporary(&tmp)).await.expect(0);
    let told = ran.json();
    assert_eq!((&told["exit"], &told["deploy"]["conclusion"]), (&json!(0), &json!("succeeded")));
    assert_eq!((&told["users"]["lost"], &told["proxy"]["lost"]), (&json!(0), &json!(0)), "{ran}");
    assert!(told["users"]["requests"].as_u64() > Some(50), "{ran}");
    assert_eq!(told["api"]["kinds"]["create"], 3, "the one that was lost is found again: {ran}");
    assert_eq!((&told["api"]["refused"]["408"], &told["seed"]), (&json!(1), &json!(7)), "{ran}");
    let struck: Vec<_> =
        told["faults"].as_array().unwrap().iter().map(|it| &it["struck"]).collect();
    assert_eq!(struck, [&json!(1), &json!(0)], "{ran}");
    assert!(ran.stderr.contains("! list@99=empty") && ran.stderr.contains("never struck"), "{ran}");
    let journal = std::fs::read_to_string(world.path().join("calls.ndjson")).unwrap();
    assert!(journal.lines().any(|it| it.contains("create@1=408-after")), "{journal}");
    assert_eq!(left_over(&tmp), [""; 0].map(PathBuf::from));
    assert!(!world.path().join(".pipeline").exists(), "no history of the project is touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_releases_end_as_they_would_and_so_does_the_command() {
    let table = [("broken", 30, "smoke refused"), ("unpullable", 20, "cannot be pulled")];
    for (release, code, why) in table {
        let (world, tmp) = world("rolling").await;
        let args = ["rehearse", "staging", "--release", release, "--keep"];
        let ran = world.run_with(&args, &temporary(&tmp)).await.expect(code);
        assert!(ran.stderr.contains(why), "{ran}");
        assert!(ran.stderr.contains("v1 serves staging, verified."), "{ran}");
        assert!(ran.stdout.contains("| staging | ROLLBACK |"), "{ran}");
        let kept = left_over(&tmp);
        assert!(kept.len() == 1 && kept[0].join("rehearsal.db").exists(), "{kept:?}");
        assert!(ran.stderr.contains(&kept[0].display().to_string()), "{ran}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journeys_are_walked_with_made_up_secrets_where_there_is_a_program_that_knows_them() {
    let (world, tmp) = world("rolling").await;
    let config = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    let journey = "[[verify.journeys]]\nname = \"the dashboard\"\nsecrets = { token = \"SHOP_TOKEN\" }\n\
                   steps = [{ request = \"GET /dashboard\", headers = { authorization = \"Bearer {{token}}\" } }]\n";
    world.write("pipeline.toml", &format!("{config}\n{journey}"));
    let args = ["rehearse", "staging", "--machines", "2"];
    let ran = world.run_with(&args, &temporary(&tmp)).await.expect(0);
    assert!(ran.stderr.contains("Journeys are left out"), "{ran}");
    let command = format!("{PROGRAM} __machine");
    let args = [&args[..], &["--run", &command]].concat();
    let ran = world.run_with(&args, &temporary(&tmp)).await.expect(0);
    assert!(ran.stderr.contains("✓ journeys"), "{ran}");
    assert!(!ran.stderr.contains("left out"), "{ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_users_own_program_stands_on_the_stage_with_made_up_secrets() {
    let (world, tmp) = world("bluegreen").await;
    let command = format!("{PROGRAM} __machine");
    let args = ["rehearse", "staging", "--run", &command, "--machines", "2", "--format", "json"];
    let ran = world.run_with(&args, &temporary(&tmp)).await.expect(0);
    assert_eq!(ran.json()["users"]["lost"], 0, "{ran}");
    // It cannot be told to be bad, so its machines are.
    let args = [&args[..6], &["--release", "broken"]].concat();
    let ran = world.run_with(&args, &temporary(&tmp)).await.expect(30);
    assert!(ran.stderr.contains("answers 500, on 2 machines of"), "{ran}");
    gone(&tmp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_release_that_is_no_good_is_not_called_a_rehearsal() {
    let (world, tmp) = world("rolling").await;
    let args = ["rehearse", "staging", "--run", "/bin/false"];
    let ran = world.run_with(&args, &temporary(&tmp)).await.expect(20);
    assert!(ran.stderr.contains("even a good release cannot be deployed so"), "{ran}");
    assert!(ran.stderr.contains("listen on 127.0.0.1 at PORT"), "{ran}");
    assert_eq!(left_over(&tmp), [""; 0].map(PathBuf::from));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_before_the_first_release_is_live_leaves_nothing() {
    let (world, tmp) = world("rolling").await;
    let command = format!("{PROGRAM} __machine");
    let args = ["rehearse", "staging", "--run", &command];
    let child = world.spawn(&args, &temporary(&tmp));
    until("the first machine of the old release runs", || !machines(&tmp).is_empty()).await;
    signal(&child, Signal::SIGINT);
    let ran = World::ended(child).await.expect(130);
    assert!(ran.stderr.contains("nothing is left over"), "{ran}");
    assert!(!ran.stderr.contains("Rehearsal:"), "{ran}");
    gone(&tmp).await;
    assert_eq!(left_over(&tmp), Vec::<PathBuf>::new());
    assert!(ran.stdout.is_empty() && world.fleet().machines.is_empty(), "{APP} is another's");
}
